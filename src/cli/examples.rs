//! Examples in the help of every command. `tests/examples_of_help.rs` runs each of them.

use std::fmt::Write;

use clap::Command;

/// What one may want, and what to type then.
type Examples = &'static [(&'static str, &'static str)];

/// Commands, and for each what one may want of it and what to type then.
const EXAMPLES: &[(&str, Examples)] = &[
    (
        "init",
        &[
            ("a commented roster, a workspace file and a CI workflow, here", "rosterctl init --platform arxus"),
            ("in a folder of its own", "rosterctl init acme-rosters --platform grx --organisation acme"),
        ],
    ),
    (
        "validate",
        &[
            ("all rosters of the workspace", "rosterctl validate"),
            ("one file; warnings fail too", "rosterctl validate rosters/acme.yaml --deny warning"),
            ("for a program", "rosterctl validate --format json"),
        ],
    ),
    (
        "plan",
        &[
            ("what would change, and what that means", "rosterctl plan"),
            ("for a script: exit code 2 where there are changes", "rosterctl plan --detailed-exitcode"),
            ("to review now and apply later", "rosterctl plan --target sandbox --out plan.json"),
        ],
    ),
    (
        "apply",
        &[
            ("shows the plan and asks", "rosterctl apply"),
            ("what was reviewed, as long as it still fits", "rosterctl apply --plan plan.json --yes"),
            ("lets up to three people go this once", "rosterctl apply --allow-removals 3 --yes"),
        ],
    ),
    (
        "runbook make",
        &[
            ("the plan as a checklist, in the words of the portal's own pages", "rosterctl runbook make"),
            (
                "as a page that remembers what is ticked off",
                "rosterctl runbook make --report html=runbook.html --report json=runbook.json",
            ),
        ],
    ),
    ("runbook verify", &[("what of it is done, as the portal shows", "rosterctl runbook verify runbook.json")]),
    (
        "drift",
        &[
            ("exit code 2 where portal and rosters differ", "rosterctl drift"),
            ("on another day", "rosterctl drift --as-of 2027-06-30"),
        ],
    ),
    (
        "accept",
        &[
            ("what was changed outside goes into the rosters", "rosterctl accept"),
            ("shows what it would write, and writes nothing", "rosterctl accept --dry-run"),
        ],
    ),
    (
        "export",
        &[
            ("who is there already, as a roster", "rosterctl export > live.yaml"),
            ("one organisation of a target", "rosterctl export --target sandbox --organisation acme"),
        ],
    ),
    ("portal accept", &[("everybody who was invited accepts", "rosterctl portal accept --all")]),
    (
        "portal audit",
        &[
            ("who did what, under which plan", "rosterctl portal audit"),
            ("only what was refused", "rosterctl portal audit --quiet"),
        ],
    ),
    (
        "target probe",
        &[
            ("read only: how lists are paged, which filters work", "rosterctl target probe --target production"),
            (
                "creates two users and two groups, and removes them again",
                "rosterctl target probe --target production --write",
            ),
        ],
    ),
    (
        "serve",
        &[
            ("the workspace's embedded target, to this machine only", "rosterctl serve"),
            ("a portal of its own, filled over SCIM", "rosterctl serve --db rehearsal.db --platform arxus"),
            ("to others, who need a token", "rosterctl serve --listen 0.0.0.0:8080 --token-file tokens.txt"),
        ],
    ),
    ("who notified", &[("who is told of a data breach, and why", "rosterctl who notified data-breach")]),
    (
        "who can",
        &[
            ("who may accept a contract", "rosterctl who can approve-csp-contract"),
            ("who will, once the plan is applied", "rosterctl who can service-desk:full --after"),
        ],
    ),
    (
        "who holds",
        &[
            ("who holds a role by the rosters", "rosterctl who holds technical"),
            ("who holds it on the target", "rosterctl who holds technical --live"),
        ],
    ),
    (
        "who is",
        &[
            ("all of one person", "rosterctl who is dana"),
            ("by the address", "rosterctl who is dana@acme.example --format json"),
        ],
    ),
    (
        "explain",
        &[
            ("all rules", "rosterctl explain"),
            ("a rule: why it is there, and how to meet it", "rosterctl explain commercial-count"),
            ("a role of one platform", "rosterctl explain dpo --platform arxus"),
        ],
    ),
    ("fmt", &[("brings all rosters into order", "rosterctl fmt"), ("only shows what is not", "rosterctl fmt --check")]),
    (
        "schema",
        &[
            ("for the editor", "rosterctl schema roster --platform arxus > roster.json"),
            ("of what `plan --format json` prints", "rosterctl schema plan"),
        ],
    ),
    (
        "completions",
        &[
            ("bash", "rosterctl completions bash > ~/.local/share/bash-completion/completions/rosterctl"),
            ("zsh, where `~/.zfunc` is in `fpath`", "rosterctl completions zsh > ~/.zfunc/_rosterctl"),
            ("fish", "rosterctl completions fish > ~/.config/fish/completions/rosterctl.fish"),
        ],
    ),
    (
        "man",
        &[
            ("one page for each command, for `man rosterctl-plan`", "rosterctl man ~/.local/share/man/man1"),
            ("the main page", "rosterctl man > rosterctl.1"),
        ],
    ),
];

/// The examples of a command by its words, such as `who can`; of one that has commands below it the first of each. The
/// program itself has none: alone it says what to do next.
pub fn of(path: &str) -> Vec<(&'static str, &'static str)> {
    let own = EXAMPLES.iter().find(|(of, _)| *of == path).map(|(_, examples)| examples.to_vec());
    own.unwrap_or_else(|| {
        let below = |of: &str| of.strip_prefix(path).is_some_and(|rest| rest.starts_with(' '));
        EXAMPLES.iter().filter(|(of, _)| below(of)).filter_map(|(_, examples)| examples.first().copied()).collect()
    })
}

/// The same command, with examples at the end of its help and of that of its subcommands.
pub fn with_examples(command: Command) -> Command {
    dressed(command, "")
}

fn dressed(mut command: Command, path: &str) -> Command {
    let examples = of(path);
    if !examples.is_empty() {
        let mut text = "Examples:".to_owned();
        for (place, (wish, line)) in examples.iter().enumerate() {
            let gap = if place > 0 { "\n" } else { "" };
            let _ = write!(text, "{gap}\n  # {wish}\n  {line}");
        }
        if let Some(more) = command.get_after_help() {
            let _ = write!(text, "\n\n{more}");
        }
        command = command.after_help(text);
    }
    command.mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        dressed(below, path.trim_start())
    })
}
