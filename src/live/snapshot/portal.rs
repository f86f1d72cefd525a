//! What a snapshot answers as a portal: it can be read, and it refuses every write.

use smol_str::SmolStr;

use super::{Contents, Snapshot, roster};
use crate::diagnostic::Diagnostic;
use crate::live::{Author, Entry, Listed, Live, LiveError, Operation, Read, Refusal, Sought, Write};
use crate::model::{Organisation, Person};
use crate::platform::Platform;

impl Read for Snapshot {
    async fn identity(&self) -> Result<Option<String>, LiveError> {
        Ok(None)
    }

    async fn organisations(&self) -> Result<Vec<Listed>, LiveError> {
        if let Some(own) = &self.config.organisation {
            return Ok(vec![self.organisation(own)]);
        }
        let contents = self.contents().await?;
        let Contents::Rows { grid, .. } = contents.as_ref() else {
            let Contents::Rosters(documents) = contents.as_ref() else { return Ok(Vec::new()) };
            return Ok(roster::organisations(documents).iter().map(|id| self.organisation(id)).collect());
        };
        let Some(platform) = self.config.platform.as_ref() else { return Ok(Vec::new()) };
        let platform = platform.load()?;
        let words = self.words(&platform)?;
        let mapping = self.mapping(grid, &platform, &words)?;
        let columns: Vec<usize> = mapping.people.iter().filter_map(|person| person.organisation).collect();
        let rows = grid.rows.iter().skip(mapping.header + 1);
        let named = rows.flat_map(|row| columns.iter().map(|column| row.cell(*column)));
        let mut ids: Vec<SmolStr> =
            named.filter(|name| !name.is_empty()).map(|name| words.organisation(name)).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids.iter().map(|id| self.organisation(id)).collect())
    }

    async fn managed(&self) -> Result<Vec<SmolStr>, LiveError> {
        // Whose rosters are missing is told where the file keeps their ids; an export keeps none.
        match self.contents().await?.as_ref() {
            Contents::Rosters(documents) => Ok(roster::organisations(documents)),
            Contents::Rows { .. } => Ok(Vec::new()),
        }
    }

    async fn read(&self, organisation: &str, platform: &Platform) -> Result<Live, LiveError> {
        self.live(organisation, platform).await
    }

    async fn look(
        &self,
        organisation: &str,
        platform: &Platform,
        sought: &Sought,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        let live = self.live(organisation, platform).await?;
        Ok(live.people.into_iter().filter(|entry| sought.has(entry)).collect())
    }

    fn fit(&self, _: &Organisation) -> Vec<Diagnostic> {
        Vec::new()
    }
}

impl Write for Snapshot {
    fn batch(&self) -> usize {
        1
    }

    async fn prepare(&self, _: &str, _: &Platform) -> Result<(), LiveError> {
        Err(self.read_only())
    }

    async fn execute(&self, _: &Platform, _: &[Operation], _: &Author) -> Result<Vec<Result<(), Refusal>>, LiveError> {
        Err(self.read_only())
    }
}

impl Snapshot {
    fn read_only(&self) -> LiveError {
        let message = format!("the target `{}` is a snapshot: a file cannot be applied to", self.config.name);
        LiveError::new(message, "make the changes of the plan on the portal, then export it again")
    }
}
