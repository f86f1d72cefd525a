//! The webhook: signed, tried again, never in the way of a round, and quiet about its own address.

#[path = "../common/wire.rs"]
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ring::hmac;
use rosterctl::clock::message::Message;
use rosterctl::clock::webhook::Report;
use rosterctl::clock::{Hook, Metrics, Sender};
use rosterctl::http::{Secret, Url};
use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wire::{Act, Heard, Server, reply};

use super::common::{ACME, Project};
use super::watched::Watched;

const SECRET: &str = "k3y of the hook";

struct Scene {
    sender: Sender,
    metrics: Arc<Metrics>,
    reports: UnboundedReceiver<Report>,
}

impl Scene {
    fn new() -> Scene {
        let metrics = Arc::new(Metrics::new(Duration::from_secs(1)));
        let (sender, reports) = unbounded_channel();
        let tell = Arc::new(move |report| drop(sender.send(report)));
        Scene { sender: Sender::start(metrics.clone(), tell), metrics, reports }
    }

    /// The next report that ends a delivery.
    async fn ended(&mut self) -> Report {
        loop {
            let report = self.reports.recv().await.expect("a report");
            if report.outcome != "retrying" {
                return report;
            }
        }
    }

    fn counted(&self, outcome: &str) -> u64 {
        let text = self.metrics.exposition();
        let start = format!("rosterctl_webhook_deliveries_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&start)).expect("a sample").parse().unwrap()
    }
}

fn hook(server: &Server) -> Hook {
    Hook::new(server.at("services/T000/s3cr3t?key=v"), Some(Secret::new(SECRET)), false).expect("a hook")
}

fn message(text: &str) -> Message {
    Message { body: format!("{{\"text\":\"{text}\"}}") }
}

/// Whether the signature is right, by another implementation than that which made it.
#[track_caller]
fn signed(heard: &Heard) {
    let time = heard.header("x-rosterctl-timestamp").expect("a time");
    let now = jiff::Timestamp::now().as_second();
    assert!(time.parse::<i64>().is_ok_and(|time| (now - 300..=now).contains(&time)), "{time}");
    let signature = heard.header("x-rosterctl-signature-256").and_then(|text| text.strip_prefix("sha256="));
    let signature = signature.expect("a signature");
    let bytes = (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap());
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let text = format!("{time}.{}", heard.body);
    hmac::verify(&key, text.as_bytes(), &bytes.collect::<Vec<u8>>()).expect("the signature is right");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_signed_and_tried_again_until_it_is_taken() {
    let server = Server::start(|n, _| match n {
        0 => reply(500, &[], "no"),
        1 => Act::Reset,
        2 => reply(429, &[("Retry-After", "7")], ""),
        3 => Act::Hang(Vec::new()),
        _ => reply(200, &[], "ok"),
    })
    .await;
    let mut scene = Scene::new();
    scene.sender.send(&hook(&server), message("a"));
    let ended = scene.ended().await;
    assert_eq!((ended.outcome, ended.attempts, ended.message), ("delivered", 5, None));
    let heard = server.heard();
    assert_eq!(heard.len(), 5);
    for one in &heard {
        signed(one);
        assert_eq!((one.line.as_str(), one.body.as_str()), ("POST /services/T000/s3cr3t?key=v", "{\"text\":\"a\"}"));
        assert_eq!(one.header("x-request-id"), Some(ended.delivery.as_str()), "one delivery, one name");
        assert_eq!(one.header("content-type"), Some("application/json"));
    }
    assert!(heard[3].at - heard[2].at >= Duration::from_secs(7), "the receiver asked to be left alone");
    assert_eq!(scene.counted("delivered"), 1);
    assert!(scene.metrics.exposition().contains("rosterctl_webhook_retries_total 4\n"));
}

#[tokio::test(start_paused = true)]
async fn without_a_secret_nothing_is_signed() {
    let server = Server::start(|_, _| reply(200, &[], "ok")).await;
    let mut scene = Scene::new();
    scene.sender.send(&Hook::new(server.at("x"), None, false).expect("a hook"), message("a"));
    assert_eq!(scene.ended().await.outcome, "delivered");
    let heard = &server.heard()[0];
    assert!(heard.header("x-rosterctl-timestamp").is_some() && heard.header("x-rosterctl-signature-256").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_changes_nothing_about_what_was_delivered() {
    let long = "x".repeat(200 << 10);
    let server = Server::start(move |n, _| reply(if n == 0 { 200 } else { 404 }, &[], &long)).await;
    let mut scene = Scene::new();
    scene.sender.send(&hook(&server), message("a"));
    let ended = scene.ended().await;
    assert_eq!((ended.outcome, ended.attempts, ended.message), ("delivered", 1, None));
    scene.sender.send(&hook(&server), message("b"));
    let ended = scene.ended().await;
    assert!(ended.outcome == "rejected" && ended.message.is_some_and(|why| why.contains("404")));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_sent_again_and_the_address_is_not_told() {
    let server = Server::start(|_, _| reply(404, &[], "no_service at /services/T000/s3cr3t?key=v")).await;
    let mut scene = Scene::new();
    scene.sender.send(&hook(&server), message("a"));
    let ended = scene.ended().await;
    assert_eq!((ended.outcome, ended.attempts, server.count()), ("rejected", 1, 1));
    let why = ended.message.expect("a reason");
    assert!(why.contains("404") && !why.contains("s3cr3t"), "{why}");
    assert!(!format!("{:?}", hook(&server)).contains("s3cr3t"));
}

#[tokio::test(start_paused = true)]
async fn a_redirect_carries_the_message_nowhere() {
    let other = Server::start(|_, _| reply(200, &[], "ok")).await;
    let there = other.at("taken").to_string();
    let server = Server::start(move |_, _| reply(307, &[("Location", there.as_str())], "")).await;
    let mut scene = Scene::new();
    scene.sender.send(&hook(&server), message("a"));
    let ended = scene.ended().await;
    assert_eq!((ended.outcome, other.count()), ("failed", 0));
    assert!(ended.message.is_some_and(|why| why.contains("redirects") && !why.contains("s3cr3t")));
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_tried_again_with_the_next_round_unless_something_newer_came() {
    let server = Server::start(|n, _| if n < 5 { reply(503, &[], "") } else { reply(200, &[], "ok") }).await;
    let mut scene = Scene::new();
    scene.sender.nudge();
    scene.sender.send(&hook(&server), message("a"));
    let failed = scene.ended().await;
    assert_eq!((failed.outcome, failed.attempts, server.count()), ("failed", 5, 5));
    tokio::task::yield_now().await;
    scene.sender.nudge();
    let ended = scene.ended().await;
    assert_eq!((ended.outcome, ended.delivery), ("delivered", failed.delivery), "the same delivery");
    assert_eq!((scene.counted("failed"), scene.counted("delivered")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_delays_nobody_and_the_newest_message_wins() {
    let free = Arc::new(Mutex::new(false));
    let open = free.clone();
    let server = Server::start(move |_, _| match *open.lock().unwrap() {
        true => reply(200, &[], "ok"),
        false => Act::Hang(Vec::new()),
    })
    .await;
    let mut scene = Scene::new();
    let hook = hook(&server);
    scene.sender.send(&hook, message("0"));
    // It is on its way, and hangs.
    assert_eq!(scene.reports.recv().await.map(|report| report.outcome), Some("retrying"));
    let before = tokio::time::Instant::now();
    for n in 1..=20 {
        scene.sender.send(&hook, message(&n.to_string()));
    }
    assert_eq!(before.elapsed(), Duration::ZERO, "to send waits for nothing");
    assert_eq!(scene.counted("superseded"), 12);
    *free.lock().unwrap() = true;
    let mut bodies = Vec::new();
    while scene.counted("delivered") < 9 {
        assert!(matches!(scene.ended().await.outcome, "delivered" | "superseded"));
    }
    bodies.extend(server.heard().into_iter().map(|heard| heard.body));
    assert_eq!(bodies.last().map(String::as_str), Some("{\"text\":\"20\"}"));
}

#[test]
fn messages_to_other_machines_go_over_https() {
    let url = |text: &str| Hook::new(Url::parse(text).unwrap(), None, false);
    assert!(url("http://hooks.example/x").is_err_and(|error| error.message.contains("plain http")));
    assert!(url("http://127.0.0.1:1/x").is_ok());
    assert!(url("ftp://hooks.example/x").is_err());
}

fn workspace(rest: &str) -> String {
    let targets = "targets: { sandbox: { kind: embedded, path: .rosterctl/sandbox.db } }";
    format!("version: 1\n{targets}\ndrift:\n  webhook: {{ url: {{ env: HOOK }}, secret: {{ env: KEY }}{rest} }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_tells_what_changed_and_nothing_else() {
    let server = Server::start(|_, _| reply(200, &[], "ok")).await;
    let url = server.at("services/T000/s3cr3t").to_string();
    let project = Project::with_roster(ACME).with_workspace(&workspace(""));
    project.run("apply --yes").exits(0);
    let mut watched = Watched::start(&project, "", &[("HOOK", &url), ("KEY", SECRET)]);
    watched.round("clean");
    project.sql("UPDATE person SET name = 'Eve <!channel>', phone = '+32 999' WHERE external_id = 'acme/ada'");
    watched.round("drift");
    let delivered = watched.next("webhook");
    assert_eq!(delivered["outcome"], "delivered", "{delivered}");
    watched.next("round");
    project.write("rosters/acme.yaml", "broken: [");
    watched.round("failed");
    watched.next("webhook");
    let heard = server.heard();
    let bodies: Vec<Json> = heard.iter().map(|heard| serde_json::from_str(&heard.body).expect("JSON")).collect();
    let events: Vec<&Json> = bodies.iter().map(|body| &body["event"]).collect();
    assert_eq!(events, ["drift", "failing"], "not one for each round");
    heard.iter().for_each(signed);
    let text = bodies[0]["text"].as_str().expect("a text");
    assert!(text.starts_with("*sandbox*: 2 differences: 2 changed outside rosterctl"), "{text}");
    assert!(text.contains("`acme/ada/name`") && text.contains("`acme/ada/phone`"), "{text}");
    assert!(!heard[0].body.contains("Eve") && !heard[0].body.contains("999"), "{}", heard[0].body);
    assert_eq!(bodies[0]["differences"][0]["since"]["bound"], "no-later-than", "{}", bodies[0]);
    assert!(bodies[1]["text"].as_str().is_some_and(|text| text.contains("cannot be compared")), "{}", bodies[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_hangs_or_cannot_be_used_stops_no_round() {
    let server = Server::start(|_, _| Act::Hang(Vec::new())).await;
    let project = Project::with_roster(ACME).with_workspace(&workspace(", personal: true"));
    project.run("apply --yes").exits(0);
    project.sql("UPDATE person SET phone = '+32 999' WHERE external_id = 'acme/ada'");
    let mut watched = Watched::start(&project, "", &[("HOOK", server.at("x").as_str()), ("KEY", SECRET)]);
    for number in 1..=4 {
        assert_eq!(watched.next("round")["round"], number);
    }
    let (code, _) = watched.stops("-TERM");
    assert_eq!(code, Some(0));
    assert!(server.heard()[0].body.contains("+32 999"), "what is personal was asked for");

    let mut without = Watched::start(&project, "", &[("HOOK", "http://hooks.example/s3cr3t"), ("KEY", SECRET)]);
    without.round("drift");
    let unusable = without.next("webhook");
    assert_eq!(unusable["outcome"], "unusable");
    assert!(!unusable.to_string().contains("s3cr3t"), "{unusable}");
    without.round("drift");
    assert_eq!(without.sample("rosterctl_webhook_deliveries_total", &[("outcome", "unusable")]), Some(1.0));
}

#[test]
fn a_secret_in_the_workspace_itself_is_refused_and_not_shown() {
    let literal = workspace("").replace("{ env: KEY }", "hunter2");
    let project = Project::with_roster(ACME).with_workspace(&literal);
    let ran = project.run("validate").exits(1).says("a secret is only named here");
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran}");
}
