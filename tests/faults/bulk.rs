//! Several creations in one request (RFC 7644 §3.7): each is a moment of its own, and any may be the last before a fault.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::directory::{Directory, Question, Refusal, Reply, body, reply};

impl Directory {
    /// Carries the operations out, one after the other.
    pub fn bulk(&mut self, question: &Question<'_>) -> Result<Reply, Refusal> {
        let request = body(question)?;
        let operations = request.get("Operations").and_then(Json::as_array).ok_or((400, "there are no operations"))?;
        let mut answers: Vec<Json> = Vec::new();
        for operation in operations {
            let (method, path) = (operation["method"].as_str(), operation["path"].as_str());
            let (Some(method), Some(path)) = (method, path) else { return Err((400, "an operation has no path")) };
            let sent = operation["data"].to_string().into_bytes();
            let single = Question { method, path, query: BTreeMap::new(), if_match: None, body: &sent };
            let done = self.answer(&single);
            answers.push(json!({
                "method": method,
                "bulkId": operation["bulkId"],
                "status": done.status.to_string(),
                "response": serde_json::from_slice::<Json>(&done.body).unwrap_or_default(),
            }));
        }
        Ok(reply(200, &json!({ "Operations": answers })))
    }
}
