import { describeSession } from '../inventory/sessions.ts';
import { invalidArgument, notFound, VimFault } from '../soap/faults.ts';
import { serviceContent } from '../soap/service-content.ts';
import { bool, data, list, text, time } from '../soap/vim.ts';
import { childrenOf, required, toRef } from '../soap/xml-reader.ts';
import type { Method, OpenMethod } from './method.ts';

export const openMethods: Record<string, OpenMethod> = {
  RetrieveServiceContent: ({ machines }) => serviceContent(machines.state.instanceUuid),
  CurrentTime: ({ clock, rules }) => time(clock.now() + aheadBy(rules)),
  Login({ sessions, rules }, { args, session, setCookie }) {
    // A second login on a living session is refused; a client drops its cookie first.
    if (session) throw new VimFault('InvalidLogin', 'The session is already logged in.');
    const made = sessions.login(required(args, 'userName'), required(args, 'password'));
    setCookie(made.cookie);
    return describeSession(made.session, aheadBy(rules));
  },
};

const aheadBy = (rules: Parameters<OpenMethod>[0]['rules']): number =>
  rules.all('clock-ahead').reduce((sum, { ms }) => sum + ms, 0);

export const sessionMethods: Record<string, Method> = {
  Logout({ sessions }, { session }) {
    sessions.end(session);
    return undefined;
  },
  SessionIsActive(_, { args, session }) {
    return bool(
      required(args, 'sessionID') === session.key && required(args, 'userName') === session.userName,
    );
  },
  HasPrivilegeOnEntities(vcenter, { args, session, find }) {
    if (required(args, 'sessionId') !== session.key) throw invalidArgument('sessionId');
    return entityPrivileges(vcenter.rules, args, find);
  },
  HasUserPrivilegeOnEntities(vcenter, { args, find }) {
    required(args, 'userName');
    return entityPrivileges(vcenter.rules, args, find);
  },
};

function entityPrivileges(
  rules: Parameters<Method>[0]['rules'],
  args: Parameters<Method>[1]['args'],
  find: Parameters<Method>[1]['find'],
) {
  const missing = new Set(rules.all('missing-privilege').map(rule => rule.privilege));
  const wanted = childrenOf(args, 'privId').map(one => one.text);
  const entities = childrenOf(args, 'entities').map(toRef);
  const unknown = entities.find(entity => !find(entity));
  if (unknown) throw notFound(unknown);
  return list(
    'EntityPrivilege',
    entities.map(entity =>
      data('EntityPrivilege', {
        entity,
        privAvailability: list(
          'PrivilegeAvailability',
          wanted.map(privilege =>
            data('PrivilegeAvailability', {
              privId: text(privilege),
              isGranted: bool(!missing.has(privilege)),
            }),
          ),
        ),
      }),
    ),
  );
}
