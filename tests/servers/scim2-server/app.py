"""scim2-server as a WSGI application for gunicorn, in the variant that $VARIANT names, open to the bearer $TOKEN."""

import json
import os
from pathlib import Path

import scim2_server
from scim2_models import ResourceType, Schema, ScimProvider, ServiceProviderConfig
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication

HERE = Path(__file__).parent
SHIPPED = Path(scim2_server.__file__).parent / "resources"
YES, NO = {"supported": True}, {"supported": False}


def shipped(name):
    return json.loads((SHIPPED / name).read_text())


def config(variant):
    """What the server announces, which is also what it does: what is false here answers 501."""
    told = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": YES,
        "bulk": {**YES, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {**YES, "maxResults": 1000},
        "changePassword": YES,
        "sort": YES,
        "etag": YES,
        "authenticationSchemes": [],
    }
    if variant == "cursor":
        told["filter"] = {**YES, "maxResults": 50}
        told["pagination"] = {
            "cursor": True,
            "index": False,
            "defaultPaginationMethod": "cursor",
            "defaultPageSize": 20,
            "maxPageSize": 50,
            "cursorTimeout": 600,
        }
    if variant == "mini":
        told |= {"patch": NO, "sort": NO, "etag": NO, "changePassword": NO}
        told["bulk"] = {**NO, "maxOperations": 0, "maxPayloadSize": 0}
        # Not 0: the server then withholds every row.
        told["filter"] = {**NO, "maxResults": 50}
    return told


def attribute(name, kind="string", many=False, **more):
    return {
        "name": name,
        "type": kind,
        "multiValued": many,
        "description": name,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


def valued(name):
    parts = [attribute("value"), attribute("type"), attribute("primary", "boolean"), attribute("display")]
    return attribute(name, "complex", True, subAttributes=parts)


def schema(urn, name, attributes):
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"/v2/Schemas/{urn}"},
    }


def extended(schemas, types):
    """Adds rosterctl's own schemas: an extension of User and of Group, and the resource type Contact."""
    urn = "urn:rosterctl:params:scim:schemas"
    user, group, contact = f"{urn}:extension:1.0:User", f"{urn}:extension:1.0:Group", f"{urn}:core:1.0:Contact"
    tags = attribute("attributes", many=True, caseExact=True)
    schemas += [
        schema(user, "RosterctlUser", [tags, attribute("type")]),
        schema(group, "RosterctlGroup", [attribute("applications", many=True, caseExact=True)]),
        schema(
            contact,
            "Contact",
            [
                attribute("displayName", required=True),
                valued("emails"),
                valued("phoneNumbers"),
                valued("roles"),
                tags,
                attribute("type"),
            ],
        ),
    ]
    for kind in types:
        urn = {"User": user, "Group": group}.get(kind["name"])
        if urn:
            kind.setdefault("schemaExtensions", []).append({"schema": urn, "required": False})
    types.append(
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": "Contact",
            "name": "Contact",
            "endpoint": "/Contacts",
            "description": "Somebody who receives communication and has no access",
            "schema": contact,
        }
    )


variant = os.environ["VARIANT"]
schemas, types = shipped("default-schemas.json"), shipped("default-resource-types.json")
if variant == "extension":
    extended(schemas, types)
told = ServiceProviderConfig.model_validate(config(variant))
told.authentication_schemes = [BEARER_TOKEN_SCHEME]
provider = ScimProvider.from_discovery(
    [Schema.model_validate(it) for it in schemas], [ResourceType.model_validate(it) for it in types], config=told
)
app = BearerTokenApplication(
    InMemoryStorage(), provider, service=ScimService(provider, secret=os.urandom(32).hex()), bearer_tokens=[os.environ["TOKEN"]]
)
