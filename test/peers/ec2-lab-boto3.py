"""boto3 against the lab's EC2, EBS direct, Scheduler and automation: every operation that the lab has, once at least."""

import base64
import datetime
import hashlib
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url, region = sys.argv[1], sys.argv[2]
config = Config(retries={"total_max_attempts": 1})
ec2, ebs, scheduler, ssm, resolver, zones, profiles = (
    boto3.client(name, endpoint_url=url, region_name=region, config=config)
    for name in ["ec2", "ebs", "scheduler", "ssm", "route53resolver", "route53", "route53profiles"]
)
BLOCK = 524288


def refused(call, code):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return
    raise AssertionError(f"not refused with {code}")


def tags(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


# -- the network

vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16", TagSpecifications=tags("vpc", "tour"))["Vpc"]["VpcId"]
ours = [{"Name": "vpc-id", "Values": [vpc]}]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.50.1.0/24")["Subnet"]["SubnetId"]
spare = ec2.create_subnet(VpcId=vpc, CidrBlock="10.50.2.0/24", AvailabilityZone=region + "b")["Subnet"]["SubnetId"]
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.associate_route_table(RouteTableId=table, SubnetId=spare)
igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
nat = ec2.create_nat_gateway(SubnetId=subnet)["NatGateway"]["NatGatewayId"]
eigw = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=vpc)
ec2.create_transit_gateway_vpc_attachment(TransitGatewayId="tgw-0123456789abcdef0", VpcId=vpc, SubnetIds=[subnet])
default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=default)
endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{region}.s3")["VpcEndpoint"]["VpcEndpointId"]
dhcp = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.0.0.2"]}])
ec2.associate_dhcp_options(DhcpOptionsId=dhcp["DhcpOptions"]["DhcpOptionsId"], VpcId=vpc)
assert ec2.describe_internet_gateways()["InternetGateways"]
assert ec2.describe_nat_gateways(Filters=ours)["NatGateways"][0]["NatGatewayId"] == nat
assert ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
assert ec2.describe_vpn_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["VpnGateways"]
assert ec2.describe_transit_gateway_vpc_attachments(Filters=ours)["TransitGatewayVpcAttachments"]
assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
assert ec2.describe_vpc_endpoints(Filters=ours)["VpcEndpoints"][0]["VpcEndpointId"] == endpoint
assert len(ec2.describe_dhcp_options()["DhcpOptions"]) == 2
assert ec2.describe_network_acls(Filters=ours)["NetworkAcls"][0]["IsDefault"]
routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
assert [it["GatewayId"] for it in routes] == ["local", igw]
assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
assert len(ec2.describe_subnets(Filters=ours)["Subnets"]) == 2
refused(lambda: ec2.delete_dhcp_options(DhcpOptionsId=dhcp["DhcpOptions"]["DhcpOptionsId"]), "DependencyViolation")
ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
ec2.delete_dhcp_options(DhcpOptionsId=dhcp["DhcpOptions"]["DhcpOptionsId"])
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
assert not ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
ec2.modify_subnet_attribute(SubnetId=spare, MapPublicIpOnLaunch={"Value": True})
ec2.associate_subnet_cidr_block(SubnetId=spare, Ipv6CidrBlock="2001:db8:1234:1a00::/64")
opened = ec2.describe_subnets(SubnetIds=[spare])["Subnets"][0]
assert opened["MapPublicIpOnLaunch"] and opened["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == "2001:db8:1234:1a00::/64"
association = ec2.associate_route_table(RouteTableId=table, SubnetId=spare)["AssociationId"]
ec2.disassociate_route_table(AssociationId=association)
ec2.associate_route_table(RouteTableId=table, SubnetId=spare)
lone = ec2.create_network_interface(SubnetId=spare, Description="nobody's")["NetworkInterface"]
assert lone["Status"] == "available"
refused(lambda: ec2.delete_subnet(SubnetId=spare), "DependencyViolation")
ec2.delete_network_interface(NetworkInterfaceId=lone["NetworkInterfaceId"])
assert ec2.describe_regions()["Regions"] and len(ec2.describe_availability_zones()["AvailabilityZones"]) == 2
assert resolver.list_resolver_rule_associations(Filters=[{"Name": "VPCId", "Values": [vpc]}])["ResolverRuleAssociations"] == []
assert zones.list_hosted_zones_by_vpc(VPCId=vpc, VPCRegion=region)["HostedZoneSummaries"] == []
zone = zones.create_hosted_zone(Name="example.com", CallerReference="tour")["HostedZone"]["Id"]
assert zones.get_hosted_zone(Id=zone)["HostedZone"]["Name"] == "example.com."
assert zones.list_hosted_zones_by_name(DNSName="example.com")["HostedZones"][0]["Id"] == zone
web = {"Name": "web.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
zones.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": web}]})
found = zones.list_resource_record_sets(HostedZoneId=zone, StartRecordName="web.example.com", StartRecordType="A")["ResourceRecordSets"]
assert found[0]["ResourceRecords"] == [{"Value": "192.0.2.7"}], found
assert profiles.list_profile_associations(ResourceId=vpc)["ProfileAssociations"] == []

group = ec2.create_security_group(GroupName="tour", Description="a tour", VpcId=vpc)["GroupId"]
ssh = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ssh)
ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
assert found["IpPermissions"][0]["FromPort"] == 22 and found["IpPermissionsEgress"][0]["UserIdGroupPairs"]
assert len(ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]) == 2
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=ssh)
assert "PRIVATE KEY" in ec2.create_key_pair(KeyName="tour")["KeyMaterial"]
ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=b"ssh-ed25519 AAAA")
assert len(ec2.describe_key_pairs(KeyNames=["tour", "mine"])["KeyPairs"]) == 2
ec2.delete_key_pair(KeyName="mine")

# -- a replica by EBS direct, with a parent and without


def upload(blocks, **more):
    started = ebs.start_snapshot(VolumeSize=1, **more)
    assert started["BlockSize"] == BLOCK
    checksums = {}
    for index, data in blocks.items():
        checksums[index] = hashlib.sha256(data).digest()
        ebs.put_snapshot_block(
            SnapshotId=started["SnapshotId"], BlockIndex=index, BlockData=data, DataLength=BLOCK,
            Checksum=base64.b64encode(checksums[index]).decode(), ChecksumAlgorithm="SHA256",
        )
    whole = hashlib.sha256(b"".join(checksums[index] for index in sorted(checksums))).digest()
    ebs.complete_snapshot(
        SnapshotId=started["SnapshotId"], ChangedBlocksCount=len(blocks), Checksum=base64.b64encode(whole).decode(),
        ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR",
    )
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[started["SnapshotId"]], WaiterConfig={"Delay": 0})
    return started["SnapshotId"]


boot = bytearray(BLOCK)
boot[446], boot[450], boot[510], boot[511] = 0x80, 0x83, 0x55, 0xAA
parent = upload({0: bytes(boot), 9: b"\x09" * BLOCK}, Tags=[{"Key": "vm", "Value": "web01"}], ClientToken="one")
child = upload({9: bytes(BLOCK), 10: b"\x0a" * BLOCK}, ParentSnapshotId=parent, Description="a child")
changed = ebs.list_changed_blocks(FirstSnapshotId=parent, SecondSnapshotId=child)["ChangedBlocks"]
assert [it["BlockIndex"] for it in changed] == [9, 10]
listed = ebs.list_snapshot_blocks(SnapshotId=child)["Blocks"]
read = {it["BlockIndex"]: ebs.get_snapshot_block(SnapshotId=child, **it)["BlockData"].read()[:1] for it in listed}
assert read == {0: b"\x00", 9: b"\x00", 10: b"\x0a"}, read
refused(lambda: ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=parent, Encrypted=True), "ValidationException")
refused(lambda: ebs.list_snapshot_blocks(SnapshotId="snap-00000000000000000"), "ResourceNotFoundException")
refused(lambda: ebs.start_snapshot(VolumeSize=2, ClientToken="one"), "ConflictException")

# -- images, templates, machines

mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": child, "VolumeType": "gp3"}}]
image = ec2.register_image(
    Name="tour", RootDeviceName="/dev/xvda", VirtualizationType="hvm", Architecture="x86_64", EnaSupport=True,
    BootMode="legacy-bios", BlockDeviceMappings=mapping, TagSpecifications=tags("image", "tour"),
)["ImageId"]
ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 0})
stock = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]
assert stock["UsageOperation"] == "RunInstances:0002", stock
template = ec2.create_launch_template(
    LaunchTemplateName="tour", TagSpecifications=tags("launch-template", "tour"),
    LaunchTemplateData={
        "ImageId": image, "InstanceType": "t3.large", "KeyName": "tour", "SecurityGroupIds": [group],
        "MetadataOptions": {"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        "TagSpecifications": tags("instance", "tour"),
    },
)["LaunchTemplate"]["LaunchTemplateId"]
ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"InstanceType": "m6i.large"})
ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
assert ec2.describe_launch_templates(LaunchTemplateNames=["tour"])["LaunchTemplates"][0]["LatestVersionNumber"] == 2
versions = ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"]
assert versions[0]["LaunchTemplateData"]["InstanceType"] == "m6i.large"
done = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2"])
assert len(done["SuccessfullyDeletedLaunchTemplateVersions"]) == len(done["UnsuccessfullyDeletedLaunchTemplateVersions"]) == 1
assert ec2.describe_instance_types(InstanceTypes=["m6i.large"])["InstanceTypes"][0]["EbsInfo"]["NvmeSupport"] == "required"
assert ec2.describe_instance_type_offerings(LocationType="availability-zone")["InstanceTypeOfferings"]

launch = {"LaunchTemplate": {"LaunchTemplateId": template}, "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
refused(lambda: ec2.run_instances(**launch, DryRun=True), "DryRunOperation")
machine = ec2.run_instances(**launch, ClientToken="machine")["Instances"][0]["InstanceId"]
assert ec2.run_instances(**launch, ClientToken="machine")["Instances"][0]["InstanceId"] == machine
ec2.get_waiter("instance_running").wait(InstanceIds=[machine], WaiterConfig={"Delay": 0})
ec2.get_waiter("instance_status_ok").wait(InstanceIds=[machine], WaiterConfig={"Delay": 0})
assert "active" in ec2.get_console_output(InstanceId=machine)["Output"]
assert base64.b64decode(ec2.get_console_screenshot(InstanceId=machine)["ImageData"])[1:4] == b"PNG"
windows = ec2.run_instances(ImageId=stock["ImageId"], InstanceType="m6i.large", SubnetId=subnet, MinCount=1, MaxCount=1)
assert windows["Instances"][0]["Platform"] == "windows"
assert ec2.describe_network_interfaces(Filters=ours)["NetworkInterfaces"][0]["Groups"]
ec2.modify_instance_attribute(InstanceId=machine, Groups=[group])
assert ec2.describe_instance_attribute(InstanceId=machine, Attribute="disableApiTermination")["DisableApiTermination"]
ec2.modify_instance_metadata_options(InstanceId=machine, HttpTokens="required")
held = ec2.associate_iam_instance_profile(InstanceId=machine, IamInstanceProfile={"Name": "tour"})["IamInstanceProfileAssociation"]
assert ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])

data = ec2.create_volume(AvailabilityZone=region + "a", SnapshotId=child, VolumeType="gp3", TagSpecifications=tags("volume", "data"))
ec2.get_waiter("volume_available").wait(VolumeIds=[data["VolumeId"]], WaiterConfig={"Delay": 0})
ec2.attach_volume(VolumeId=data["VolumeId"], InstanceId=machine, Device="/dev/sdf")
ec2.get_waiter("volume_in_use").wait(VolumeIds=[data["VolumeId"]], WaiterConfig={"Delay": 0})
ec2.detach_volume(VolumeId=data["VolumeId"])
ec2.get_waiter("volume_available").wait(VolumeIds=[data["VolumeId"]], WaiterConfig={"Delay": 0})
assert ec2.describe_volume_status(VolumeIds=[data["VolumeId"]])["VolumeStatuses"][0]["VolumeStatus"]["Status"] == "ok"
task = ec2.create_replace_root_volume_task(InstanceId=machine)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]
for _ in range(3):
    (state,) = ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])["ReplaceRootVolumeTasks"]
assert state["TaskState"] == "succeeded", state
ec2.reboot_instances(InstanceIds=[machine])
own = ec2.create_snapshot(VolumeId=data["VolumeId"], Description="own")["SnapshotId"]
copied = ec2.copy_snapshot(SourceSnapshotId=child, SourceRegion=region)["SnapshotId"]
shot = ec2.create_image(InstanceId=machine, Name="a picture")["ImageId"]

assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
assert ec2.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
assert ":key/" in ec2.get_ebs_default_kms_key_id()["KmsKeyId"]
assert ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False

task = ec2.import_image(DiskContainers=[{"SnapshotId": child}], Platform="Windows", LicenseType="BYOL", BootMode="legacy-bios")
for _ in range(9):
    (state,) = ec2.describe_import_image_tasks(ImportTaskIds=[task["ImportTaskId"]])["ImportImageTasks"]
shell = ec2.describe_images(ImageIds=[state["ImageId"]])["Images"][0]
assert (state["Status"], shell["PlatformDetails"], shell["UsageOperation"]) == ("completed", "Windows BYOL", "RunInstances:0800")
other = ec2.import_image(DiskContainers=[{"SnapshotId": child}], Platform="Linux")["ImportTaskId"]
assert ec2.cancel_import_task(ImportTaskId=other)["State"] == "deleting"

ec2.create_tags(Resources=[machine, own], Tags=[{"Key": "run", "Value": "7"}])
assert len(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["run"]}])["Tags"]) == 2
ec2.delete_tags(Resources=[own], Tags=[{"Key": "run"}])

# -- a named actor tears it down

at = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
by_tag = {
    "DocumentName": "AWS-TerminateEC2Instance", "TargetParameterName": "InstanceId",
    "Targets": [{"Key": "tag:run", "Values": ["7"]}],
}
target = {
    "Arn": "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution",
    "RoleArn": "arn:aws:iam::123456789012:role/tear-down", "Input": json.dumps(by_tag),
}
scheduler.create_schedule(Name="tour", ScheduleExpression=at, FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
assert scheduler.get_schedule(Name="tour")["Target"] == target
assert [it["Name"] for it in scheduler.list_schedules(NamePrefix="to")["Schedules"]] == ["tour"]
scheduler.delete_schedule(Name="tour")
refused(lambda: scheduler.get_schedule(Name="tour"), "ResourceNotFoundException")
run = ssm.start_automation_execution(**by_tag)["AutomationExecutionId"]
execution = ssm.get_automation_execution(AutomationExecutionId=run)["AutomationExecution"]
assert execution["ResolvedTargets"]["ParameterValues"] == [machine], execution
assert ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
ec2.get_waiter("instance_terminated").wait(InstanceIds=[machine], WaiterConfig={"Delay": 0})

# -- and all the rest by hand

others = [windows["Instances"][0]["InstanceId"]]
ec2.describe_instances(InstanceIds=others)
ec2.stop_instances(InstanceIds=others)
ec2.get_waiter("instance_stopped").wait(InstanceIds=others, WaiterConfig={"Delay": 0})
ec2.start_instances(InstanceIds=others)
ec2.terminate_instances(InstanceIds=others)
ec2.get_waiter("instance_terminated").wait(InstanceIds=others, WaiterConfig={"Delay": 0})
refused(lambda: ec2.delete_snapshot(SnapshotId=child), "InvalidSnapshot.InUse")
for each in [image, shot, shell["ImageId"]]:
    ec2.deregister_image(ImageId=each)
for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
    ec2.delete_snapshot(SnapshotId=each["SnapshotId"])
for each in ec2.describe_volumes()["Volumes"]:
    ec2.delete_volume(VolumeId=each["VolumeId"])
ec2.delete_launch_template(LaunchTemplateName="tour")
ec2.delete_security_group(GroupId=group)
ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
ec2.delete_nat_gateway(NatGatewayId=nat)
ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=eigw)
refused(lambda: ec2.delete_vpc(VpcId=vpc), "DependencyViolation")
ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
ec2.delete_internet_gateway(InternetGatewayId=igw)
refused(lambda: ec2.delete_route_table(RouteTableId=table), "DependencyViolation")
for each in [subnet, spare]:
    ec2.delete_subnet(SubnetId=each)
ec2.delete_route_table(RouteTableId=table)
empty = ec2.create_vpc(CidrBlock="10.60.0.0/16")["Vpc"]["VpcId"]
ec2.delete_vpc(VpcId=empty)
assert [it for it in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]] == []
print("all of it")
