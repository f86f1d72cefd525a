//! Several creations in one request (RFC 7644 §3.7).

use serde_json::{Value as Json, json};

use super::portal::{Call, Portal};
use super::quirks::Bulk;
use super::reply::{Fault, Reply};
use super::resource::Kind;

/// What the service provider configuration says of it.
pub fn announced(portal: &Portal) -> Json {
    let supported = portal.quirks.bulk != Bulk::Absent;
    json!({ "supported": supported, "maxOperations": 100, "maxPayloadSize": 1_048_576 })
}

/// Carries the operations out, one after the other.
pub fn perform(portal: &mut Portal, call: &Call<'_>) -> Result<Reply, Fault> {
    let operations = call.body["Operations"].as_array().cloned().unwrap_or_default();
    let bulk = portal.quirks.bulk;
    if bulk == Bulk::Small && operations.len() > 2 {
        return Err(Fault::new(413, "", "too many operations"));
    }
    let mut answers: Vec<Json> = Vec::new();
    let twice = operations.iter().flat_map(|one| [one, one]).cloned().collect::<Vec<Json>>();
    let operations = if bulk == Bulk::Twice { twice } else { operations };
    for (at, operation) in operations.iter().enumerate() {
        if operation["method"] != "POST" || operation["path"] != "/Users" {
            return Err(Fault::new(400, "invalidPath", "only users are created so"));
        }
        let mut data = operation["data"].clone();
        if bulk == Bulk::Twice && at % 2 == 1 {
            data["userName"] = format!("second-{}", data["userName"].as_str().unwrap_or_default()).into();
        }
        let reply = portal.create(Kind::User, &data).unwrap_or_else(|fault| fault.reply(&portal.quirks));
        let body: Json = serde_json::from_str(&reply.body).unwrap_or_default();
        let mut answer = json!({ "method": "POST", "bulkId": operation["bulkId"], "status": reply.status.to_string() });
        if reply.status == 201 {
            answer["location"] = format!("{}/Users/{}", portal.base, body["id"].as_str().unwrap_or_default()).into();
        }
        match bulk {
            _ if reply.status != 201 => answer["response"] = body,
            Bulk::Silent | Bulk::Absent => {}
            Bulk::Repeats => {
                answer["response"] = operation["data"].clone();
                answer["response"]["id"] = body["id"].clone();
            }
            Bulk::Forgets if at % 3 == 2 => continue,
            Bulk::Shows | Bulk::Small | Bulk::Forgets | Bulk::Twice => answer["response"] = body,
        }
        answers.push(answer);
    }
    let schema = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
    Ok(Reply::json(200, &json!({ "schemas": [schema], "Operations": answers })))
}
