//! The audit trail: who did what under which plan, and what was refused.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::live::{Author, Object, Operation, Refusal};
use crate::platform::Platform;

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRow {
    /// Its number; later entries have higher ones.
    pub id: i64,
    /// When, in RFC 3339 and UTC.
    pub at: String,
    /// Who acted.
    pub who: String,
    /// The digest of the plan, of what came over a network its beginning; empty where somebody acted without one.
    pub plan_digest: String,
    /// The step of the plan.
    pub step: u32,
    /// The organisation.
    pub organisation: SmolStr,
    /// `create`, `update`, `deactivate`, `reactivate`, `delete` or, by the person alone, `accept`.
    pub action: String,
    /// `user`, `contact` or `permission-group`.
    pub resource: String,
    /// The id of the object.
    pub key: SmolStr,
    /// `done`, `stale`, `forbidden` or `failed`.
    pub outcome: String,
    /// The object `before` and `after`, and the `reason` of a refusal.
    pub detail: Json,
}

/// Writes the audit trail.
pub(super) fn record(
    rows: &Connection,
    platform: &Platform,
    operation: &Operation,
    author: &Author,
    outcome: &Result<(), Refusal>,
) -> rusqlite::Result<()> {
    let json = |object: &Option<Object>| object.as_ref().map_or(Json::Null, |object| object.json(platform));
    let mut detail = serde_json::json!({ "before": json(&operation.before), "after": json(&operation.after) });
    let word = match outcome {
        Ok(()) => "done",
        Err(Refusal::Stale(_)) => "stale",
        Err(Refusal::Forbidden(_)) => "forbidden",
        Err(Refusal::Failed(_)) => "failed",
    };
    if let Err(refusal) = outcome {
        detail["reason"] = refusal.to_string().into();
    }
    let sql = "INSERT INTO audit (at, who, plan_digest, step, organisation, action, resource, key, outcome, detail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    rows.prepare_cached(sql)?.execute((
        jiff::Timestamp::now().to_string(),
        &author.name,
        &author.digest,
        operation.step,
        operation.organisation.as_str(),
        operation.action.as_str(),
        operation.resource.to_string().replace(' ', "-"),
        operation.key.as_str(),
        word,
        detail.to_string(),
    ))?;
    Ok(())
}

/// The audit trail of one organisation or of all, oldest first.
pub(super) fn trail(rows: &Connection, organisation: Option<&str>) -> rusqlite::Result<Vec<AuditRow>> {
    let sql = "SELECT id, at, who, plan_digest, step, organisation, action, resource, key, outcome, detail
        FROM audit WHERE ?1 IS NULL OR organisation = ?1 ORDER BY id";
    let mut statement = rows.prepare(sql)?;
    let trail = statement.query_map([organisation], |row| {
        Ok(AuditRow {
            id: row.get(0)?,
            at: row.get(1)?,
            who: row.get(2)?,
            plan_digest: row.get(3)?,
            step: row.get(4)?,
            organisation: row.get::<_, String>(5)?.into(),
            action: row.get(6)?,
            resource: row.get(7)?,
            key: row.get::<_, String>(8)?.into(),
            outcome: row.get(9)?,
            detail: serde_json::from_str(row.get_ref(10)?.as_str()?).unwrap_or(Json::Null),
        })
    });
    trail?.collect()
}
