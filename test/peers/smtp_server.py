"""A mail server (aiosmtpd): STARTTLS and a login are required; each mail is one JSON line on stdout."""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, port = sys.argv[1:4]


class Printing:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "tls": session.ssl is not None,
            "login": session.auth_data.login.decode() if session.auth_data else None,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf8", "replace"),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    known = data.login == b"converge" and data.password == b"correct horse"
    return AuthResult(success=known, handled=False, auth_data=data)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)


class Server(Controller):
    def factory(self):
        return SMTP(
            self.handler,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )


controller = Server(Printing(), hostname="127.0.0.1", port=int(port))
controller.start()
print(json.dumps({"ready": True}), flush=True)
sys.stdin.read()
controller.stop()
