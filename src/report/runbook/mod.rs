//! A plan for people to carry out: a numbered checklist in the words of the portal's own pages.
//!
//! Some portals can only be changed by hand. A run-book says of every step, in the order of the plan: who may do it, what
//! to look at before, what to choose and what to type, and what the portal shows when it is done. Which words a portal
//! has on its pages stands in the platform file (`menus`).

mod able;
mod csv;
mod import;
mod item;
mod there;
mod verify;
mod words;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Location;
use crate::live::Live;
use crate::model::Organisation;
use crate::plan::document::{Action, PlanDocument, Step};
pub use able::Able;
pub use csv::csv;
pub use import::Import;
use there::There;
pub use verify::{Checked, State, Tally, verify};

/// The version of the format of run-books.
pub const RUNBOOK_VERSION: u32 = 1;

/// A plan as a checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Runbook {
    /// The version of this format: 1.
    pub version: u32,
    /// When it was made, in RFC 3339 and UTC.
    pub made: String,
    /// The plan that it carries out.
    pub plan: PlanDocument,
    /// What to do, in this order.
    pub items: Vec<Item>,
    /// What the portal can take in from files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// What has to be waited for afterwards, or cannot be done now.
    pub later: Vec<String>,
    /// What was seen when it was compared with the portal, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    /// Its number: that of the plan's step.
    pub number: u32,
    /// The organisation.
    pub organisation: String,
    /// What is done.
    pub action: Action,
    /// In a line: `create the user Eva Example`.
    pub title: String,
    /// The line of the roster behind it; none for what left the roster.
    pub location: Option<Location>,
    /// Who may do it, as far as the portal's people are known: the first few.
    pub who: Vec<Person>,
    /// Whether what was read of the portal tells who may do what.
    pub who_is_known: bool,
    /// The permissions that it needs.
    pub needs: Vec<String>,
    /// The items that must be done before.
    pub after: Vec<u32>,
    /// What to look at before.
    pub before: Vec<String>,
    /// What to choose on the portal's pages, in this order; empty where the platform file does not say.
    pub path: Vec<String>,
    /// Whether the portal's documentation has these words.
    pub documented: bool,
    /// What to type or choose in each field.
    pub fields: Vec<Entry>,
    /// What to choose then.
    pub finish: Option<String>,
    /// How to see that it is done.
    pub done: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The field as rosters call it.
    pub field: String,
    /// The field as the portal calls it.
    pub label: String,
    /// What it says before; empty where there is nothing.
    pub from: String,
    /// What it shall say; empty: nothing.
    pub to: String,
    /// Of lists: what to add.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// Of lists: what to take away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// What was seen when a run-book was compared with the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// When, in RFC 3339 and UTC.
    pub at: String,
    /// The items that were done.
    pub done: Vec<u32>,
}

impl Runbook {
    /// The run-book of a plan. `able` knows who may take which step.
    pub fn of(plan: PlanDocument, pairs: &[(&Organisation, &Live)], able: &Able, made: Timestamp) -> Runbook {
        let there = There::all(pairs);
        let item = |step: &Step| Some(item::item(step, there.get(step.organisation.as_str())?, able));
        let mut items: Vec<Item> = plan.steps.iter().filter_map(item).collect();
        let each = pairs.iter().filter_map(|(organisation, _)| there.get(organisation.id.as_str()));
        let imports = each.flat_map(|there| Import::all(there, &plan.steps, &mut items)).collect();
        let waiting = plan.waiting.iter().map(|one| format!("`{}`: {}", one.person, one.reason));
        let blocked = plan.blocked.iter().map(|one| {
            let step = &one.step;
            format!("not now: {} the {} `{}`: {}", step.action.as_str(), step.resource, step.key, one.message)
        });
        let later = waiting.chain(blocked).collect();
        Runbook {
            version: RUNBOOK_VERSION,
            made: made.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            imports,
            plan,
            items,
            later,
            checks: Vec::new(),
        }
    }

    /// Whether the items are those of the plan, one each.
    pub fn is_whole(&self) -> bool {
        let numbers = self.items.iter().map(|item| (item.number, &item.organisation, item.action));
        numbers.eq(self.plan.steps.iter().map(|step| (step.id, &step.organisation, step.action)))
    }

    /// Whether an item was seen done at some time.
    pub fn was_done(&self, number: u32) -> bool {
        self.checks.iter().any(|check| check.done.contains(&number))
    }
}
