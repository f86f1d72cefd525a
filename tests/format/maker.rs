//! Rosters that nobody would write: the formatter's properties are tried on them.

/// Makes YAML out of arbitrary numbers: values in every style, comments and blank lines wherever they may stand.
struct Maker<'n> {
    numbers: std::slice::Iter<'n, u8>,
    out: String,
    anchors: usize,
}

impl Maker<'_> {
    fn pick(&mut self, of: u8) -> u8 {
        self.numbers.next().map_or(0, |number| number % of)
    }

    fn one_of(&mut self, texts: &[&str]) {
        let at = self.pick(texts.len() as u8);
        self.out.push_str(texts[at as usize]);
    }

    fn between(&mut self, indent: usize) {
        for _ in 0..self.pick(3) {
            match self.pick(4) {
                0 => self.out.push('\n'),
                1 => self.out.push_str(&format!("{:indent$}#  own {indent}\n", "")),
                2 => self.out.push_str(&format!("{:1$}# odd\n", "", self.out.len() % 7)),
                _ => {}
            }
        }
    }

    fn line_end(&mut self) {
        self.one_of(&["\n", "\n", " # behind\n", "  \n", "   #x \n"]);
    }

    fn key(&mut self, at: usize) -> String {
        let keys = [
            "name",
            "users",
            "version",
            "roles",
            "organisation",
            "<x>",
            "email",
            "'q'",
            "\"d\"",
            "rule",
            "waivers",
            "of",
        ];
        let unique = ["contacts", "until", "reason", "can", "notified", "exactly"];
        match self.pick(3) {
            0 => format!("k{at}"),
            1 if at < unique.len() => unique[at].to_owned(),
            _ => keys[(self.pick(12) as usize / 3 * 3 + at) % 12].to_owned(),
        }
    }

    fn property(&mut self) {
        if self.pick(9) == 1 {
            self.anchors += 1;
            self.out.push_str(&format!(" &a{}", self.anchors % 3));
        }
    }

    fn flow(&mut self, depth: usize, lines: bool) {
        let space = |maker: &mut Self| match maker.pick(8) {
            0 if lines => maker.out.push_str("\n      # within\n         "),
            1 if lines => maker.out.push_str("   # x\n\n         "),
            2 => maker.out.push(' '),
            _ => {}
        };
        match self.pick(if depth > 3 { 3 } else { 6 }) {
            kind @ 3..=5 => {
                self.out.push(if kind == 4 { '{' } else { '[' });
                for at in 0..self.pick(9) as usize {
                    space(self);
                    if kind == 4 {
                        let key = self.key(at);
                        self.out.push_str(&format!("{key}: "));
                    }
                    self.flow(depth + 1, lines);
                    space(self);
                    self.out.push_str(", ");
                }
                space(self);
                self.out.push(if kind == 4 { '}' } else { ']' });
            }
            _ => {
                let texts = ["word", "'single one'", "\"double # \\u00e9\"", "1e3", "two words", "~"];
                self.one_of(&texts);
            }
        }
    }

    fn value(&mut self, indent: usize, depth: usize, dash: bool) {
        self.property();
        let open = self.out.ends_with([':', '-']);
        match self.pick(if depth > 4 { 6 } else { 10 }) {
            0 => {
                self.line_end();
                self.between(indent + 2);
            }
            1 => {
                self.one_of(&[
                    "  plain",
                    " plain\n       goes  \n\n          on",
                    " 'q\n           r'",
                    " \"e \\\n          f\"",
                ]);
                self.line_end();
            }
            2 => {
                let header = ["|", ">", "|-", ">+", "|+", ">-"][self.pick(6) as usize];
                self.out.push_str(&format!(" {header}"));
                self.one_of(&["\n", "  # head\n", "\n"]);
                for _ in 0..self.pick(5) {
                    let line = ["a b", "\n", "  more", "# no comment", "c  "][self.pick(5) as usize];
                    let first = self.out.trim_end_matches(' ').ends_with("\n") && line.starts_with(' ');
                    let line = if first { "x" } else { line };
                    self.out.push_str(&if line == "\n" {
                        line.to_owned()
                    } else {
                        format!("{:1$}{line}\n", "", indent + 3)
                    });
                }
            }
            3 | 4 => {
                self.out.push(' ');
                let lines = self.pick(3) == 0;
                self.flow(0, lines);
                self.line_end();
            }
            5 if self.anchors > 2 && open => {
                self.out.push_str(" *a1");
                self.line_end();
            }
            6 | 7 => {
                let more = if dash { 2 } else { self.pick(3) as usize };
                self.list(indent + more, depth + 1, dash && open);
            }
            8 | 9 => {
                let more = if dash { 2 } else { 1 + self.pick(4) as usize };
                self.map(indent + more, depth + 1, dash && open);
            }
            _ => self.line_end(),
        }
    }

    fn open(&mut self, indent: usize, compact: bool) -> bool {
        let compact = compact && self.pick(2) == 0;
        if compact {
            self.out.push(' ');
        } else if indent > 0 || !self.out.is_empty() && !self.out.ends_with('\n') {
            self.line_end();
            self.between(indent);
        }
        compact
    }

    fn list(&mut self, indent: usize, depth: usize, compact: bool) {
        let mut compact = self.open(indent, compact);
        for _ in 0..=self.pick(4) {
            if !compact {
                self.out.push_str(&" ".repeat(indent));
            }
            compact = false;
            self.out.push('-');
            self.value(indent, depth, true);
            self.between(indent);
        }
    }

    fn map(&mut self, indent: usize, depth: usize, compact: bool) {
        let mut compact = self.open(indent, compact);
        for at in 0..=self.pick(5) as usize {
            let key = self.key(at);
            if !compact {
                self.out.push_str(&" ".repeat(indent));
            }
            compact = false;
            self.out.push_str(&format!("{key}:"));
            self.value(indent, depth, false);
            self.between(indent);
        }
    }
}

/// The text that the numbers stand for.
pub fn made(numbers: &[u8]) -> String {
    let mut maker = Maker { numbers: numbers.iter(), out: String::new(), anchors: 0 };
    for document in 0..=maker.pick(3) {
        if document > 0 {
            maker.one_of(&["---\n", "--- # doc\n", "...\n# x\n---\n\n"]);
        }
        maker.between(0);
        maker.map(0, 0, false);
    }
    maker.out
}
