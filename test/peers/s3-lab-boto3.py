"""boto3 against the lab's S3: every step asserts, the last line says how far it came."""

import io
import os
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

url, region = sys.argv[1], sys.argv[2]


def client(**config):
    return boto3.client("s3", endpoint_url=url, region_name=region, config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, **config))


def refused(call, code):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return
    raise AssertionError(f"not refused with {code}")


s3 = client()
s3.create_bucket(Bucket="boto", CreateBucketConfiguration={"LocationConstraint": region})
assert s3.get_bucket_location(Bucket="boto")["LocationConstraint"] == region

for algorithm in ["CRC32", "SHA1", "SHA256"]:
    s3.put_object(Bucket="boto", Key=algorithm, Body=b"content", ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket="boto", Key=algorithm, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"content" and got["Checksum" + algorithm], got
refused(lambda: s3.put_object(Bucket="boto", Key="bad", Body=b"content", ChecksumSHA256="A" * 43 + "="), "BadDigest")

# A stream without a known hash goes as aws-chunked with a trailer.
body = os.urandom(3_000_000)
s3.put_object(Bucket="boto", Key="stream", Body=io.BytesIO(body))
assert s3.get_object(Bucket="boto", Key="stream")["Body"].read() == body

big = os.urandom(20_000_000)
s3.upload_fileobj(io.BytesIO(big), "boto", "big", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
assert s3.head_object(Bucket="boto", Key="big")["ETag"].endswith('-4"')
down = io.BytesIO()
s3.download_fileobj("boto", "big", down, Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
assert down.getvalue() == big

s3.put_object(Bucket="boto", Key="once", Body=b"1", IfNoneMatch="*")
refused(lambda: s3.put_object(Bucket="boto", Key="once", Body=b"2", IfNoneMatch="*"), "PreconditionFailed")
refused(lambda: s3.get_object(Bucket="boto", Key="none"), "NoSuchKey")
refused(lambda: s3.get_object(Bucket="none", Key="none"), "NoSuchBucket")

# botocore asks for encoding-type=url and decodes it again.
odd = ["odd/a b+c&d%20", "odd/ü(1)!*'", "odd/\u0007bell", "odd/\U0001d4b3"]
for key in odd:
    s3.put_object(Bucket="boto", Key=key, Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto", Prefix="odd/", PaginationConfig={"PageSize": 1})
assert [o["Key"] for page in pages for o in page["Contents"]] == sorted(odd, key=str.encode)
assert [p["Prefix"] for p in s3.list_objects(Bucket="boto", Delimiter="/")["CommonPrefixes"]] == ["odd/"]

s3.put_bucket_versioning(Bucket="boto", VersioningConfiguration={"Status": "Enabled"})
for text in [b"1", b"2", b"3"]:
    s3.put_object(Bucket="boto", Key="v", Body=text)
versions = [v for p in s3.get_paginator("list_object_versions").paginate(Bucket="boto", Prefix="v", PaginationConfig={"PageSize": 2}) for v in p["Versions"]]
assert [s3.get_object(Bucket="boto", Key="v", VersionId=v["VersionId"])["Body"].read() for v in versions] == [b"3", b"2", b"1"]

link = client(signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": odd[0]}, ExpiresIn=60)
assert urllib.request.urlopen(link).read() == b"x"
refused(lambda: boto3.client("s3", endpoint_url=url, region_name=region, aws_access_key_id="no", aws_secret_access_key="no").list_buckets(), "InvalidAccessKeyId")

# A control character has no place in the XML of DeleteObjects.
s3.delete_object(Bucket="boto", Key=odd[2], VersionId="null")
bucket = boto3.resource("s3", endpoint_url=url, region_name=region).Bucket("boto")
bucket.object_versions.delete()
bucket.delete()
print("boto3 is content")
