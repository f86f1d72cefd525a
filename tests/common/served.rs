//! `rosterctl serve` in a project, and a client that speaks plain HTTP to it.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Project;

/// The schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of contacts.
pub const CONTACT: &str = "urn:rosterctl:params:scim:schemas:core:1.0:Contact";
/// What users have besides.
pub const OWN: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:User";
/// What groups have besides.
/// What only the portal says of users.
pub const STANDING: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:Standing";
pub const OWN_GROUP: &str = "urn:rosterctl:params:scim:schemas:extension:1.0:Group";

/// A server that takes longer to answer hangs. It is a limit for a broken program, not a measurement.
const HANGS: Duration = Duration::from_secs(120);

/// A server that runs; it is killed when it is dropped.
pub struct Served {
    child: Child,
    /// Where it is: `http://127.0.0.1:1234/scim/v2`.
    pub url: String,
    address: String,
    token: Option<String>,
}

impl Project {
    /// Serves the sandbox, or what the arguments name, on a free port.
    pub fn serve(&self, arguments: &str) -> Served {
        self.serve_with(arguments, &[])
    }

    /// Serves with these variables in the environment.
    pub fn serve_with(&self, arguments: &str, environment: &[(&str, &str)]) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments.split_whitespace());
        command.current_dir(self.path("")).env_clear().env("HOME", self.path("")).env("TZ", "UTC");
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        if line.is_empty() {
            let mut stderr = String::new();
            let _ = child.stderr.take().expect("a pipe").read_to_string(&mut stderr);
            panic!("the server did not start: {stderr}");
        }
        let url = line.trim().to_owned();
        let address = url.trim_start_matches("http://").split('/').next().expect("an address").to_owned();
        Served { child, url, address, token: None }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, self.body)
    }
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Asserts the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Asserts that it is an error of this kind whose sentence contains these words.
    #[track_caller]
    pub fn refuses(self, status: u16, kind: Option<&str>, words: &str) -> Answer {
        let json = self.json();
        assert_eq!((self.status, json["scimType"].as_str()), (status, kind), "{self}");
        assert_eq!(json["status"], status.to_string(), "{self}");
        assert_eq!(json["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{self}");
        assert!(json["detail"].as_str().unwrap_or_default().contains(words), "does not say {words:?}: {self}");
        self
    }
}

impl Served {
    /// A client that shows a token.
    pub fn token(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// The server's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server without a warning, while others may be talking to it.
    pub fn kill_now(&self) {
        let killed = Command::new("/bin/kill").arg("-9").arg(self.id().to_string()).status().expect("kill runs");
        assert!(killed.success());
    }

    /// Makes something on a server that may die meanwhile; none where no whole answer came.
    pub fn try_post(&self, path: &str, body: &str) -> Option<u16> {
        let head =
            format!("POST /scim/v2{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}", body.len());
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(HANGS)).ok()?;
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    }

    /// Asks the server to end, and says its exit code.
    #[cfg(unix)]
    pub fn ends(mut self) -> Option<i32> {
        let asked = Command::new("/bin/kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        self.child.wait().expect("the server ends").code()
    }

    /// Sends a request as it is and reads the answer.
    pub fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_read_timeout(Some(HANGS)).expect("a limit");
        // A server that refuses the request may hang up before it has read it all.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    /// A request with headers.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let mut request =
            format!("{method} /scim/v2{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if let Some(token) = &self.token {
            request += &format!("Authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                request += "Content-Type: application/scim+json\r\n";
            }
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        self.raw((request + "\r\n" + body.unwrap_or_default()).as_bytes())
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Makes.
    pub fn post(&self, path: &str, body: &Json) -> Answer {
        self.send("POST", path, &[], Some(&body.to_string()))
    }

    /// Replaces.
    pub fn put(&self, path: &str, body: &Json) -> Answer {
        self.send("PUT", path, &[], Some(&body.to_string()))
    }

    /// Changes.
    pub fn patch(&self, path: &str, operations: Json) -> Answer {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        self.send("PATCH", path, &[], Some(&body.to_string()))
    }

    /// Deletes.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// What only the portal says of a user, which has to be asked for: by the address of the user.
    pub fn standing(&self, path: &str) -> Json {
        let user = self.get(&format!("{path}?attributes={}", encoded(STANDING))).is(200).json();
        user[STANDING].clone()
    }

    /// Makes a user, whose externalId and userName this is, and gives the resource.
    #[track_caller]
    pub fn user(&self, id: &str, more: Json) -> Json {
        self.post("/Users", &user(id, more)).is(201).json()
    }

    /// The userNames that a filter finds.
    #[track_caller]
    pub fn finds(&self, filter: &str) -> Vec<String> {
        let list = self.get(&format!("/Users?filter={}", encoded(filter))).is(200).json();
        let found = list["Resources"].as_array().expect("resources").iter();
        found.map(|user| user["userName"].as_str().expect("a name").to_owned()).collect()
    }
}

/// A user as a client sends it.
pub fn user(id: &str, more: Json) -> Json {
    let mut user = json!({
        "schemas": [USER], "userName": format!("{id}@acme.example"), "externalId": format!("acme/{id}"),
        "displayName": id, "emails": [{ "value": format!("{id}@acme.example"), "primary": true }], "active": true,
    });
    for (name, value) in more.as_object().expect("an object") {
        user[name.as_str()] = value.clone();
    }
    user
}

/// Text for a query.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The last part of a path or an address.
pub fn id(resource: &Json) -> &str {
    resource["id"].as_str().expect("an id")
}
