//! The HTTP layer against servers that say raw bytes. Where something waits, the clock is paused and jumps.

#[path = "common/wire.rs"]
mod wire;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rosterctl::http::{Answer, Auth, Bytes, Failure, Http, Method, Request, Safety, Secret, Settings, Url};
use serde_json::Value as Json;
use tokio::time::Instant;
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use wire::{Act, Server, bytes, json, reply};

const TOKEN: &str = "t0ken-of-the-portal";

fn bearer() -> Auth {
    Auth::Bearer(Secret::new(TOKEN))
}

fn client(server: &Server) -> Http {
    Http::new(Settings::new(server.url.clone(), bearer())).expect("a client")
}

fn with(server: &Server, change: impl FnOnce(&mut Settings)) -> Http {
    let mut settings = Settings::new(server.url.clone(), bearer());
    change(&mut settings);
    Http::new(settings).expect("a client")
}

fn get(server: &Server, path: &str) -> Request {
    Request::new(Method::GET, server.at(path), Safety::Read)
}

fn change(server: &Server, safety: Safety) -> Request {
    let method = if safety == Safety::Once { Method::POST } else { Method::PUT };
    Request { body: Some(Bytes::from_static(b"{}")), ..Request::new(method, server.at("/x"), safety) }
}

fn of(server: &Server, safety: Safety) -> Request {
    if safety == Safety::Read { get(server, "/x") } else { change(server, safety) }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn refused(settings: Settings) -> String {
    let error = Http::new(settings).expect_err("refused");
    format!("{error} / {}", error.hint.as_deref().expect("a cure"))
}

#[track_caller]
fn says(failure: &Failure, parts: &[&str]) {
    let text = format!("{failure} / {}", failure.hint().expect("a cure"));
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

// ---- what is sent, what comes back

#[tokio::test(start_paused = true)]
async fn a_request_carries_what_it_should_and_the_answer_is_taken_in() {
    let headers = [
        ("Content-Type", "application/scim+json"),
        ("ETag", "W/\"7\""),
        ("Location", "/people/1"),
        ("Link", "<a>; rel=\"next\""),
        ("Link", "<b>; rel=\"last\""),
        ("X-Request-Id", "server-1"),
    ];
    let server = Server::start(move |_, _| reply(201, &headers, "{\"id\": \"1\"}")).await;
    let http = client(&server);
    let request = Request {
        if_match: Some("\"6\"".to_owned()),
        id: Some("ours-1".to_owned()),
        content_type: "application/scim+json",
        accept: "application/scim+json, application/json",
        ..change(&server, Safety::Once)
    };
    let answer = http.send(request).await.expect("an answer");
    let heard = &server.heard()[0];
    assert_eq!((heard.line.as_str(), heard.body.as_str()), ("POST /x", "{}"));
    for (name, value) in [
        ("authorization", format!("Bearer {TOKEN}").as_str()),
        ("accept", "application/scim+json, application/json"),
        ("content-type", "application/scim+json"),
        ("if-match", "\"6\""),
        ("x-request-id", "ours-1"),
        ("user-agent", concat!("rosterctl/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(heard.header(name), Some(value), "{name}");
    }
    assert_eq!((answer.status, answer.succeeded(), answer.request_id.as_str()), (201, true, "server-1"));
    assert_eq!((answer.etag.as_deref(), answer.location.as_deref()), (Some("W/\"7\""), Some("/people/1")));
    assert_eq!(answer.link.as_deref(), Some("<a>; rel=\"next\", <b>; rel=\"last\""));
    assert_eq!(answer.json::<Json>().expect("JSON")["id"], "1");
    assert_eq!((http.requests(), http.base()), (1, &server.url));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_made_up_where_there_is_none_and_stays_the_same_when_repeated() {
    let server = Server::start(|n, _| if n == 0 { json(502, "{}") } else { json(200, "{}") }).await;
    let http = client(&server);
    let first = http.send(get(&server, "/x")).await.expect("an answer").request_id;
    let second = http.send(get(&server, "/x")).await.expect("an answer").request_id;
    let heard: Vec<_> = server.heard().iter().map(|heard| heard.header("x-request-id").map(str::to_owned)).collect();
    assert_eq!(heard, [Some(first.clone()), Some(first.clone()), Some(second.clone())]);
    assert_ne!(first, second);
}

#[tokio::test(start_paused = true)]
async fn basic_credentials_are_sent_and_shown_nowhere() {
    let server = Server::start(|_, heard| {
        let echo = format!("you sent {} and pass:word", heard.header("authorization").expect("credentials"));
        if heard.line.ends_with("/denied") { json(403, &echo) } else { json(200, &echo) }
    })
    .await;
    let auth = Auth::Basic { user: "ada".to_owned(), password: Secret::new("pass:word") };
    let settings = Settings::new(server.url.clone(), auth);
    assert!(!format!("{settings:?}").contains("pass:word"));
    let http = Http::new(settings).expect("a client");
    let answer = http.send(get(&server, "/x")).await.expect("an answer");
    assert_eq!(server.heard()[0].header("authorization"), Some("Basic YWRhOnBhc3M6d29yZA=="));
    let unusable = answer.json::<Json>().expect_err("no JSON");
    let denied = http.send(get(&server, "/denied")).await.expect_err("denied");
    says(&denied, &["GET /denied", "403", "you sent Basic (secret) and (secret)"]);
    for shown in [format!("{answer:?}"), format!("{unusable:?} {unusable}"), format!("{denied:?}"), answer.excerpt()] {
        assert!(!shown.contains("pass:word") && !shown.contains("YWRhOn"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_denied_is_told_and_not_asked_again() {
    for status in [401, 403] {
        let server = Server::start(move |_, _| json(status, "{\"detail\": \"no\u{1b}[2J\"}")).await;
        for safety in [Safety::Read, Safety::Idempotent, Safety::Once] {
            let failure = client(&server).send(of(&server, safety)).await.expect_err("denied");
            says(&failure, &[&status.to_string(), "no\\u{1b}[2J"]);
            let Failure::Denied { status: told, answer: Some(answer), .. } = failure else { panic!("{failure:?}") };
            assert_eq!((told, answer.status), (status, status));
        }
        assert_eq!(server.count(), 3);
    }
}

// ---- where credentials may go

#[test]
fn credentials_over_plain_http_to_another_machine_are_refused() {
    let at = |url: &str, auth: Auth| Settings::new(Url::parse(url).expect("an address"), auth);
    let text = refused(at("http://portal.example/scim", bearer()));
    assert!(text.contains("portal.example over plain http") && text.contains("write https in `url`"), "{text}");
    assert!(!text.contains(TOKEN));
    assert!(Http::new(at("http://portal.example/scim", Auth::None)).is_ok());
    assert!(Http::new(at("http://localhost:1/scim", bearer())).is_ok());
    assert!(Http::new(Settings { insecure_http: true, ..at("http://portal.example/", bearer()) }).is_ok());
    let tokens = |token_url: &str| Auth::ClientCredentials {
        token_url: Url::parse(token_url).expect("an address"),
        client_id: "id".to_owned(),
        client_secret: Secret::new("secret"),
        scope: None,
    };
    assert!(refused(at("http://127.0.0.1:1/", tokens("http://login.example/token"))).contains("`tokenUrl`"));
    assert!(refused(at("http://portal.example/", tokens("http://127.0.0.1/token"))).contains("`url`"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let at = |url: &str| Settings::new(Url::parse(url).expect("an address"), Auth::None);
    let text = refused(at("https://ada:pass@portal.example/"));
    assert!(text.contains("user name or a password") && !text.contains("pass@"), "{text}");
    assert!(refused(at("ftp://portal.example/")).contains("no address of a web server"));
    assert!(refused(Settings { concurrency: 0, ..at("http://127.0.0.1/") }).contains("`concurrency`"));
    assert!(
        refused(Settings { requests_per_second: Some(0), ..at("http://127.0.0.1/") }).contains("`requestsPerSecond`")
    );
    for token in ["", "two\nlines", "a b"] {
        let text = refused(Settings { auth: Auth::Bearer(Secret::new(token)), ..at("http://127.0.0.1/") });
        assert!(text.contains("cannot be sent") && !text.contains("lines"), "{text}");
    }
    let colon = Auth::Basic { user: "a:b".to_owned(), password: Secret::new("x") };
    assert!(refused(Settings { auth: colon, ..at("http://127.0.0.1/") }).contains("colon"));
}

#[tokio::test(start_paused = true)]
async fn a_request_to_another_place_is_not_sent() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let other = Server::start(|_, _| json(200, "{}")).await;
    let http = client(&server);
    for url in [
        other.at("/x"),
        Url::parse("https://127.0.0.1/x").expect("an address"),
        Url::parse(&server.url.as_str().replace("http://", "http://ada:pass@")).expect("an address"),
    ] {
        let failure = http.send(Request::new(Method::GET, url, Safety::Read)).await.expect_err("refused");
        assert!(matches!(failure, Failure::NotSent { .. }) && !failure.to_string().contains("pass@"), "{failure:?}");
    }
    let request = Request { if_match: Some("a\nb".to_owned()), ..get(&server, "/x") };
    says(&http.send(request).await.expect_err("refused"), &["if-match"]);
    assert_eq!((server.count(), other.count(), http.requests()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn readings_follow_redirects_to_the_same_place() {
    let server = Server::start(|_, heard| match heard.line.as_str() {
        "GET /a" => reply(301, &[("Location", "/b?q=1")], ""),
        "GET /b?q=1" => reply(307, &[("Location", "c")], ""),
        "GET /circle" => reply(302, &[("Location", "/circle")], ""),
        _ => json(200, "{}"),
    })
    .await;
    let http = client(&server);
    let answer = http.send(get(&server, "/a")).await.expect("an answer");
    assert_eq!((answer.url.path(), server.count()), ("/c", 3));
    assert!(server.heard().iter().all(|heard| heard.header("authorization").is_some()));
    let failure = http.send(get(&server, "/circle")).await.expect_err("a circle");
    says(&failure, &["more than 5 times"]);
    assert_eq!(server.count(), 3 + 6);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_elsewhere_is_an_error_that_names_both_and_carries_nothing_there() {
    let other = Server::start(|_, _| json(200, "{}")).await;
    let there = other.at("/login?secret=1").to_string();
    let server = Server::start(move |_, _| reply(302, &[("Location", &there)], "")).await;
    let failure = client(&server).send(get(&server, "/x")).await.expect_err("elsewhere");
    assert!(matches!(failure, Failure::Unusable { .. }), "{failure:?}");
    let name = |server: &Server| server.url.as_str().trim_end_matches('/').to_owned();
    says(&failure, &[&name(&server), &name(&other)]);
    assert!(!failure.to_string().contains("secret=1"));
    assert_eq!((server.count(), other.count()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn changes_follow_no_redirect_and_say_how_sure_they_are() {
    for (status, certain) in [(307, true), (308, true), (301, false), (302, false), (303, false)] {
        for safety in [Safety::Idempotent, Safety::Once] {
            let server = Server::start(move |_, _| reply(status, &[("Location", "/other")], "")).await;
            let failure = client(&server).send(change(&server, safety)).await.expect_err("not followed");
            says(&failure, &["/other", "only readings"]);
            assert_eq!(matches!(failure, Failure::NotSent { .. }), certain, "{status}: {failure:?}");
            assert_eq!(matches!(failure, Failure::Unknown { .. }), !certain, "{status}: {failure:?}");
            assert_eq!(server.count(), 1);
        }
    }
}

// ---- what breaks, and what is repeated

/// Sends one request of each safety to a server that does the same to each; how many arrived, and what came of it.
async fn each(act: impl Fn() -> Act + Send + Sync + Copy + 'static) -> [(usize, Result<Answer, Failure>); 3] {
    let mut all = Vec::new();
    for safety in [Safety::Read, Safety::Idempotent, Safety::Once] {
        let server = Server::start(move |_, _| act()).await;
        let outcome = client(&server).send(of(&server, safety)).await;
        all.push((server.count(), outcome));
    }
    all.try_into().expect("three")
}

fn counts(each: &[(usize, Result<Answer, Failure>); 3]) -> [usize; 3] {
    [each[0].0, each[1].0, each[2].0]
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_server_is_an_answer_repeated_for_readings_only() {
    for (status, readings) in [(500, 3), (501, 1), (502, 5), (503, 5), (504, 5), (404, 1), (409, 1), (412, 1)] {
        let each = match status {
            500 => each(|| json(500, "{}")).await,
            501 => each(|| json(501, "{}")).await,
            502 => each(|| json(502, "{}")).await,
            503 => each(|| json(503, "{}")).await,
            504 => each(|| json(504, "{}")).await,
            404 => each(|| json(404, "{}")).await,
            409 => each(|| json(409, "{}")).await,
            _ => each(|| json(412, "{}")).await,
        };
        assert_eq!(counts(&each), [readings, 1, 1], "{status}");
        for (_, outcome) in each {
            assert_eq!(outcome.expect("an answer").status, status);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_is_certain_and_repeated_for_all() {
    let each = each(|| reply(429, &[], "")).await;
    assert_eq!(counts(&each), [5, 5, 5]);
    for (_, outcome) in each {
        let failure = outcome.expect_err("no answer");
        assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
        says(&failure, &["429", "5 attempts", "`requestsPerSecond`"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_says_when_it_is_over_is_waited_for_unless_it_may_happen_once_only() {
    let each = each(|| reply(503, &[("Retry-After", "3")], "")).await;
    assert_eq!(counts(&each), [5, 5, 1]);
    for (_, outcome) in each {
        assert_eq!(outcome.expect("an answer").retry_after, Some(Duration::from_secs(3)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_leaves_changes_unknown() {
    for each in [
        each(|| Act::Reset).await,
        each(|| Act::Close(Vec::new())).await,
        each(|| Act::Close(b"HTTP/1.1 200 OK\r\nContent-".to_vec())).await,
        each(|| Act::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}".to_vec())).await,
        each(|| Act::Close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n".to_vec())).await,
        each(|| Act::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await,
    ] {
        assert_eq!(counts(&each), [5, 1, 1], "{:?}", each[0].1);
        for (_, outcome) in each {
            let failure = outcome.expect_err("no answer");
            assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
            assert!(failure.hint().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_goes_on_after_a_break() {
    let server = Server::start(|n, _| match n {
        0 => Act::Reset,
        1 => Act::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}".to_vec()),
        2 => json(503, ""),
        _ => json(200, "{}"),
    })
    .await;
    assert_eq!(client(&server).send(get(&server, "/x")).await.expect("an answer").status, 200);
    assert_eq!(server.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_the_server_closes_leaves_a_change_unknown() {
    for (safety, arrived) in [(Safety::Once, 2), (Safety::Idempotent, 2), (Safety::Read, 3)] {
        let server = Server::start(|n, _| if n == 1 { Act::Close(Vec::new()) } else { json(200, "{}") }).await;
        let http = client(&server);
        http.send(get(&server, "/x")).await.expect("an answer");
        let outcome = http.send(of(&server, safety)).await;
        assert_eq!(server.count(), arrived, "{safety:?}");
        assert_eq!((server.heard()[0].connection, server.heard()[1].connection), (0, 0), "the same connection");
        match safety {
            Safety::Read => assert_eq!(outcome.expect("an answer").status, 200),
            _ => assert!(matches!(outcome, Err(Failure::Unknown { .. })), "{outcome:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_connection_is_certain_and_tried_again_for_all() {
    // Bound and not listening: nobody else gets the port, and nobody answers there.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let url = Url::parse(&format!("http://{}/", socket.local_addr().expect("an address"))).expect("an address");
    for safety in [Safety::Read, Safety::Idempotent, Safety::Once] {
        let http = Http::new(Settings::new(url.clone(), bearer())).expect("a client");
        let failure = http.send(Request::new(Method::POST, url.clone(), safety)).await.expect_err("nobody there");
        assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
        says(&failure, &["no connection to 127.0.0.1:", "refused", "5 attempts", "check `url`"]);
        assert_eq!(http.requests(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn time_runs_out_between_bytes_and_as_a_whole() {
    let hang = Server::start(|_, _| Act::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec())).await;
    let silent = Server::start(|_, _| Act::Hang(Vec::new())).await;
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n";
    let trickle = Server::start(|_, _| Act::Trickle(head.to_vec(), Duration::from_millis(100))).await;
    for (server, most) in [(&hang, 30.0), (&silent, 30.0), (&trickle, 120.0)] {
        let http = with(server, |settings| {
            settings.timeouts.whole = Duration::from_secs(if most > 100.0 { 120 } else { 600 });
        });
        let begin = Instant::now();
        let failure = http.send(change(server, Safety::Once)).await.expect_err("no answer");
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
        says(&failure, &["time ran out"]);
        let took = seconds(begin.elapsed());
        // An answer whose bytes trickle in runs into the limit of the whole, a silent one into that of idleness.
        assert!((most - 1.0..most + 1.0).contains(&took), "{took} rather than {most}");
        assert_eq!(server.count(), 1);
    }
    let http = with(&silent, |settings| settings.retries = 2);
    http.send(get(&silent, "/x")).await.expect_err("no answer");
    assert_eq!(silent.count(), 1 + 3, "a reading is repeated");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_is_no_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = Url::parse(&format!("https://{}/", listener.local_addr().expect("an address"))).expect("an address");
    let (_key, ca) = authority("ca-of-the-silent.pem");
    let settings = Settings { ca: Some(ca), retries: 0, ..Settings::new(url.clone(), bearer()) };
    let http = Http::new(settings).expect("a client");
    let begin = Instant::now();
    let failure = http.send(Request::new(Method::POST, url, Safety::Once)).await.expect_err("no answer");
    assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
    assert_eq!(seconds(begin.elapsed()).round(), 10.0);
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn waits_between_attempts_grow_and_are_random() {
    let server = Server::start(|_, _| json(502, "")).await;
    let mut waits = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        client(&server).send(get(&server, "/x")).await.expect("an answer");
        waits.push(begin.elapsed());
    }
    // 250 ms, 500 ms, 1 s and 2 s at most, each by chance.
    assert!(waits.iter().all(|wait| *wait < Duration::from_millis(3900)), "{waits:?}");
    waits.sort();
    waits.dedup();
    assert!(waits.len() > 10 && waits[waits.len() - 1] > Duration::from_secs(1), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_in_both_forms() {
    let date = |offset: i64| {
        let now = SystemTime::now();
        let shift = Duration::from_secs(offset.unsigned_abs());
        httpdate::fmt_http_date(if offset < 0 { now - shift } else { now + shift })
    };
    for (value, least, most) in [("7".to_owned(), 7.0, 7.1), (date(100), 97.0, 100.1), (date(-100), 0.0, 0.1)] {
        let server =
            Server::start(move |n, _| if n == 0 { reply(429, &[("Retry-After", &value)], "") } else { json(200, "") })
                .await;
        let begin = Instant::now();
        client(&server).send(change(&server, Safety::Once)).await.expect("an answer");
        let took = seconds(begin.elapsed());
        assert!((least..most).contains(&took) && server.count() == 2, "{took} rather than {least}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_wait_for_hours_gives_up_and_says_until_when() {
    for status in [429, 503] {
        let server = Server::start(move |_, _| reply(status, &[("Retry-After", "7200")], "")).await;
        let http = client(&server);
        let begin = Instant::now();
        let failure = http.send(get(&server, "/x")).await.expect_err("no answer");
        assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
        says(&failure, &["left alone until", "GMT", &status.to_string()]);
        assert_eq!((server.count(), begin.elapsed()), (1, Duration::ZERO));
        let second = http.send(change(&server, Safety::Idempotent)).await;
        match status {
            429 => says(&second.expect_err("closed for all"), &["left alone until"]),
            _ => assert_eq!(second.expect("an answer").status, 503),
        }
        assert_eq!(server.count(), if status == 429 { 1 } else { 2 });
    }
}

// ---- the budget

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_allowed() {
    let server = Server::start(|_, _| Act::Later(Duration::from_secs(1), bytes(200, &[], b"{}"))).await;
    let http = Arc::new(with(&server, |settings| settings.concurrency = 3));
    all(&http, &server, 12).await;
    assert_eq!((server.count(), server.most()), (12, 3));
}

/// Sends so many readings at once.
async fn all(http: &Arc<Http>, server: &Server, many: usize) -> Vec<Result<Answer, Failure>> {
    let mut tasks = Vec::new();
    for _ in 0..many {
        let (http, request) = (http.clone(), get(server, "/x"));
        tasks.push(tokio::spawn(async move { http.send(request).await }));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn no_more_are_started_in_a_second_than_allowed() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let http = Arc::new(with(&server, |settings| settings.requests_per_second = Some(5)));
    all(&http, &server, 21).await;
    let times: Vec<Instant> = server.heard().iter().map(|heard| heard.at).collect();
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(199), "{:?}", pair[1] - pair[0]);
    }
    assert_eq!(seconds(times[20] - times[0]).round(), 4.0);
}

#[tokio::test(start_paused = true)]
async fn nobody_starts_before_a_retry_after_is_over() {
    let server = Server::start(|n, _| match n {
        0 => reply(429, &[("Retry-After", "40")], ""),
        _ => json(200, "{}"),
    })
    .await;
    let http = Arc::new(with(&server, |settings| settings.concurrency = 1));
    let outcomes = all(&http, &server, 6).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let heard = server.heard();
    assert_eq!(heard.len(), 7);
    assert!(heard[1..].iter().all(|later| later.at - heard[0].at >= Duration::from_secs(40)));
}

#[tokio::test(start_paused = true)]
async fn a_struggling_server_gets_fewer_at_once_and_later_more_again() {
    let second = Duration::from_secs(1);
    let server = Server::start(move |n, _| match n {
        0..8 => Act::Later(second, bytes(503, &[], b"")),
        _ => Act::Later(second, bytes(200, &[], b"{}")),
    })
    .await;
    let http = Arc::new(client(&server));
    all(&http, &server, 400).await;
    let heard = server.heard();
    // Each takes a second, so that as many arrive in a second as may be under way.
    let in_second = |from: f64| {
        let at = |heard: &wire::Heard| seconds(heard.at - server.heard()[0].at);
        heard.iter().filter(|heard| (from..from + 1.0).contains(&at(heard))).count()
    };
    let last = seconds(heard[heard.len() - 1].at - heard[0].at).floor();
    assert_eq!((in_second(-0.5), in_second(2.5)), (8, 4));
    assert_eq!((server.most(), in_second(last - 5.5)), (8, 8));
}

// ---- bodies

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_however_it_comes() {
    let zip = |text: &[u8]| {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        zip.write_all(text).expect("memory");
        zip.finish().expect("memory")
    };
    let gzip = [("Content-Encoding", "gzip")];
    let (bomb, fits) = (bytes(200, &gzip, &zip(&[b' '; 1_000_000])), bytes(200, &gzip, &zip(&[b' '; 1000])));
    let mut cut = bytes(200, &gzip, &zip(&[b'x'; 1000]));
    cut.truncate(cut.len() - 10);
    let endless = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), b"1ff\r\n".to_vec()].concat();
    let endless = [endless, vec![b'x'; 511], b"\r\n1ff\r\n".to_vec(), vec![b'x'; 511], b"\r\n".to_vec()].concat();
    let server = Server::start(move |_, heard| match heard.line.as_str() {
        "GET /announced" => Act::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_vec()),
        "GET /endless" => Act::Hang(endless.clone()),
        "GET /until-close" => Act::Close([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1001]].concat()),
        "GET /bomb" => Act::Say(bomb.clone()),
        "GET /cut" => Act::Close(cut.clone()),
        "GET /packed" => Act::Say(bytes(200, &[("Content-Encoding", "br")], b"xx")),
        "GET /fits" => Act::Say(fits.clone()),
        _ => Act::Say(bytes(200, &[], &[b'x'; 1000])),
    })
    .await;
    let http = with(&server, |settings| settings.max_body = 1000);
    for path in ["/announced", "/endless", "/until-close", "/bomb"] {
        let before = server.count();
        let failure = http.send(get(&server, path)).await.expect_err("too large");
        assert!(matches!(failure, Failure::Unusable { .. }), "{path}: {failure:?}");
        says(&failure, &[path, "larger than 1000 bytes"]);
        assert_eq!(server.count(), before + 1, "not repeated");
    }
    says(&http.send(get(&server, "/packed")).await.expect_err("packed"), &["packed as `br`"]);
    let failure = http.send(get(&server, "/cut")).await.expect_err("cut");
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    for path in ["/fits", "/plain"] {
        assert_eq!(http.send(get(&server, path)).await.expect("an answer").body.len(), 1000);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_has_a_sentence_of_its_own() {
    let scim = "application/scim+json; charset=utf-8";
    let cases: Vec<(&str, &str, &[&str])> = vec![
        ("text/html", "<html><title>Sign\n in</title>", &["web page", "\"Sign in\"", "sign-in page"]),
        ("text/html", "{}", &["web page"]),
        ("application/json", "<!doctype html><p>hi", &["web page", "<!doctype html><p>hi"]),
        ("application/json", " \r\n ", &["is empty"]),
        (scim, "{\"a\": [1, 2", &["ends in the middle, after 11 bytes", "{\"a\": [1, 2"]),
        (scim, "{'a'}", &["is not JSON", "line 1 column 2"]),
        (scim, "\u{1b}[31m", &["is not JSON", "\\u{1b}[31m"]),
        ("application/json", "[1]", &["another shape", "[1]"]),
        ("application/pdf", "{}", &["is `application/pdf` rather than JSON"]),
        ("text/plain", "Service is fine", &["is not JSON", "Service is fine"]),
    ];
    for (content_type, body, parts) in cases {
        let server = Server::start(move |_, _| reply(200, &[("Content-Type", content_type)], body)).await;
        let answer = client(&server).send(get(&server, "/scim/Users")).await.expect("an answer");
        let failure = answer.json::<std::collections::BTreeMap<String, Json>>().expect_err("no JSON");
        assert!(matches!(failure, Failure::Unusable { .. }));
        says(&failure, &["the answer to GET /scim/Users (200)"]);
        says(&failure, parts);
        assert!(!failure.to_string().contains(['\u{1b}', '\n']), "{failure}");
    }
    for content_type in ["application/json", scim, "Application/Problem+JSON", "text/plain", ""] {
        let headers = [("Content-Type", content_type)];
        let server = Server::start(move |_, _| reply(200, &headers, "\u{feff} {\"a\": 1}\n")).await;
        let answer = client(&server).send(get(&server, "/x")).await.expect("an answer");
        assert_eq!(answer.json::<Json>().expect("JSON")["a"], 1, "{content_type}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_server_says_makes_it_panic() {
    let sound = "HTTP/1.1 302 Found\r\nLocation: /a\r\nRetry-After: 9\r\nETag: \"1\"\r\nContent-Type: a/b+json; c\r\n\
                 X-Request-Id: 1\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{\"a\": \"\u{e4}\"}";
    let mut chance = fastrand::Rng::with_seed(7);
    for _ in 0..300 {
        let mut bytes = sound.as_bytes().to_vec();
        for _ in 0..chance.usize(1..9) {
            let at = chance.usize(..bytes.len());
            match chance.u8(..3) {
                0 => bytes[at] = chance.u8(..),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, *chance.choice(b"0\r\n\xff:;<9-").expect("a byte")),
            }
        }
        let server = Server::start(move |_, _| Act::Close(bytes.clone())).await;
        let http = with(&server, |settings| settings.retries = 1);
        match http.send(get(&server, "/x")).await {
            Ok(answer) => drop(answer.json::<Json>()),
            Err(failure) => assert!(!failure.message().chars().any(char::is_control), "{failure:?}"),
        }
        assert!(server.count() > 0);
    }
}

// ---- TLS

/// A certificate authority and the file that names it, with a second certificate in it.
fn authority(file: &str) -> (rcgen::Issuer<'static, rcgen::KeyPair>, PathBuf) {
    let make = || {
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("names");
        params.distinguished_name.push(rcgen::DnType::CommonName, file);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        (certificate.pem(), rcgen::Issuer::new(params, key))
    };
    let ((first, _), (second, issuer)) = (make(), make());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, format!("# ours\n{first}\n{second}")).expect("a file");
    (issuer, path)
}

fn acceptor(issuer: &rcgen::Issuer<'static, rcgen::KeyPair>, name: &str) -> tokio_rustls::TlsAcceptor {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate and its key");
    Arc::new(config).into()
}

#[tokio::test(start_paused = true)]
async fn a_file_of_authorities_is_trusted_and_nobody_else() {
    let (issuer, ca) = authority("ca-of-the-portal.pem");
    let plain = Server::start(|_, _| json(200, "{}")).await;
    let there = plain.url.to_string();
    let server = Server::tls(acceptor(&issuer, "127.0.0.1"), move |_, heard| match heard.line.as_str() {
        "GET /away" => reply(302, &[("Location", &there)], ""),
        _ => json(200, "{}"),
    })
    .await;
    let trusting = with(&server, |settings| settings.ca = Some(ca.clone()));
    assert_eq!(trusting.send(get(&server, "/x")).await.expect("an answer").status, 200);
    says(&trusting.send(get(&server, "/away")).await.expect_err("plain"), &["not encrypted", "https://", "http://"]);
    assert_eq!(plain.count(), 0);

    let (_, foreign) = authority("ca-of-others.pem");
    let http = with(&server, |settings| settings.ca = Some(foreign));
    let failure = http.send(change(&server, Safety::Once)).await.expect_err("not trusted");
    assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
    says(&failure, &["nobody known here issued", "`ca`"]);
    assert_eq!((http.requests(), server.count()), (1, 2), "not repeated");

    let misnamed = Server::tls(acceptor(&issuer, "portal.example"), |_, _| json(200, "{}")).await;
    let http = with(&misnamed, |settings| settings.ca = Some(ca));
    says(&http.send(get(&misnamed, "/x")).await.expect_err("misnamed"), &["that of another host"]);
    assert_eq!(misnamed.count(), 0);
}

#[test]
fn a_file_of_authorities_that_is_none_is_refused() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let at = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        let settings = Settings::new(Url::parse("https://portal.example/").expect("an address"), Auth::None);
        refused(Settings { ca: Some(path), ..settings })
    };
    for (name, text, part) in [
        ("empty.pem", "", "holds no certificate"),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certificate"),
        ("open.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n", "no sound PEM file"),
        ("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1 of the file"),
    ] {
        let text = at(name, text);
        assert!(text.contains(part) && text.contains(name) && text.contains("-----BEGIN"), "{text}");
    }
    let settings = Settings::new(Url::parse("https://portal.example/").expect("an address"), Auth::None);
    assert!(refused(Settings { ca: Some(folder.join("none.pem")), ..settings }).contains("cannot be read"));
}

// ---- tokens

fn tokens(server: &Server) -> Http {
    with(server, |settings| settings.auth = tokens_of(server))
}

fn tokens_of(server: &Server) -> Auth {
    Auth::ClientCredentials {
        token_url: server.at("/token"),
        client_id: "the client".to_owned(),
        client_secret: Secret::new("s3cr&t"),
        scope: Some("scim read".to_owned()),
    }
}

/// How often a token was asked for.
fn fetched(server: &Server) -> usize {
    server.heard().iter().filter(|heard| heard.line == "POST /token").count()
}

fn issue(n: usize, life: &str) -> Act {
    json(200, &format!("{{\"access_token\": \"issued-{n}\", \"token_type\": \"Bearer\", \"expires_in\": {life}}}"))
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_for_all_and_renewed_before_it_expires() {
    for life in ["3600", "\"3600\""] {
        let server = Server::start(move |n, heard| match heard.line.as_str() {
            "POST /token" => issue(n, life),
            _ => Act::Later(Duration::from_millis(5), bytes(200, &[], b"{}")),
        })
        .await;
        let http = Arc::new(tokens(&server));
        assert!(all(&http, &server, 20).await.iter().all(Result::is_ok));
        let heard = server.heard();
        assert_eq!((fetched(&server), heard.len(), http.requests()), (1, 21, 20));
        assert_eq!(heard[0].header("authorization"), Some("Basic dGhlK2NsaWVudDpzM2NyJTI2dA=="));
        assert_eq!(heard[0].body, "grant_type=client_credentials&scope=scim+read");
        assert!(heard[1..].iter().all(|heard| heard.header("authorization") == Some("Bearer issued-0")));
        tokio::time::advance(Duration::from_secs(3500)).await;
        http.send(get(&server, "/x")).await.expect("an answer");
        assert_eq!(fetched(&server), 1);
        tokio::time::advance(Duration::from_secs(75)).await;
        all(&http, &server, 5).await;
        assert_eq!(fetched(&server), 2);
        assert_eq!(server.heard().last().expect("a request").header("authorization"), Some("Bearer issued-22"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_even_for_what_may_happen_once() {
    let server = Server::start(|n, heard| match heard.line.as_str() {
        "POST /token" => issue(n, "3600"),
        _ if heard.header("authorization") == Some("Bearer issued-0") => json(401, "{}"),
        _ => json(201, "{}"),
    })
    .await;
    let http = tokens(&server);
    assert_eq!(http.send(change(&server, Safety::Once)).await.expect("an answer").status, 201);
    assert_eq!((fetched(&server), http.requests()), (2, 2));
    assert_eq!(http.send(change(&server, Safety::Once)).await.expect("an answer").status, 201);
    assert_eq!((fetched(&server), http.requests()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_always_refused_are_not_fetched_for_ever() {
    let server = Server::start(|n, heard| match heard.line.as_str() {
        "POST /token" => issue(n, "3600"),
        _ => json(401, &format!("{{\"detail\": \"no {}\"}}", heard.header("authorization").expect("a token"))),
    })
    .await;
    let http = Arc::new(tokens(&server));
    for outcome in all(&http, &server, 10).await {
        let failure = outcome.expect_err("denied");
        assert!(matches!(failure, Failure::Denied { status: 401, .. }), "{failure:?}");
        says(&failure, &["no Bearer (secret)"]);
        assert!(!format!("{failure:?}").contains("issued-"), "{failure:?}");
    }
    assert_eq!(fetched(&server), 2);
    // Those that come one by one fetch no further one either, until some time has passed.
    http.send(get(&server, "/x")).await.expect_err("denied");
    http.send(get(&server, "/x")).await.expect_err("denied");
    assert_eq!(fetched(&server), 2);
    tokio::time::advance(Duration::from_secs(31)).await;
    http.send(get(&server, "/x")).await.expect_err("denied");
    assert_eq!(fetched(&server), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_gets_one_new_token_however_slowly_it_is_refused() {
    let server = Server::start(|n, heard| match heard.line.as_str() {
        "POST /token" => issue(n, "3600"),
        _ => Act::Later(Duration::from_secs(40), bytes(401, &[], b"{}")),
    })
    .await;
    let mut settings = Settings::new(server.url.clone(), tokens_of(&server));
    settings.timeouts.idle = Duration::from_secs(60);
    let failure = Http::new(settings).expect("a client").send(get(&server, "/x")).await.expect_err("denied");
    assert!(matches!(failure, Failure::Denied { status: 401, .. }), "{failure:?}");
    assert_eq!((fetched(&server), server.count()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_serves_until_it_expires() {
    let server = Server::start(|n, heard| match (n, heard.line.as_str()) {
        (0, _) => issue(n, "3600"),
        (_, "POST /token") => json(400, "{\"error\": \"invalid_scope\"}"),
        _ => json(200, "{}"),
    })
    .await;
    let http = tokens(&server);
    http.send(get(&server, "/x")).await.expect("an answer");
    tokio::time::advance(Duration::from_secs(3580)).await;
    http.send(get(&server, "/x")).await.expect("an answer");
    assert_eq!(fetched(&server), 2);
    tokio::time::advance(Duration::from_secs(21)).await;
    says(&http.send(get(&server, "/x")).await.expect_err("expired"), &["invalid_scope"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_fails_has_a_clear_sentence_and_the_portal_hears_nothing() {
    let ok = [("Content-Type", "application/json")];
    let cases: Vec<(u16, &str, &str, usize)> = vec![
        (200, "<html>issued-x</html>", "web page", 1),
        (200, "", "sent nothing", 1),
        (200, "[\"issued-x\"", "no JSON object", 1),
        (200, "{\"accessToken\": \"issued-x\"}", "without `access_token`", 1),
        (200, "{\"access_token\": 7}", "without `access_token`", 1),
        (200, "{\"access_token\": \"issued x\"}", "cannot be sent", 1),
        (200, "{\"access_token\": \"issued-x\", \"token_type\": \"mac\"}", "type `mac`", 1),
        (401, "{\"error\": \"invalid_client\", \"error_description\": \"s3cr&t?\"}", "invalid_client: (secret)?", 1),
        (400, "nope", "answered 400: nope", 1),
        (404, "nope", "answered 404: nope", 1),
        (302, "", "answered 302", 1),
        (503, "down", "answered 503: down (5 attempts)", 5),
    ];
    for (status, body, part, attempts) in cases {
        let server = Server::start(move |_, _| reply(status, &ok, body)).await;
        let http = tokens(&server);
        let failure = http.send(get(&server, "/x")).await.expect_err("no token");
        says(&failure, &[part, "`tokenUrl`", "/token"]);
        let shown = format!("{failure:?}");
        assert!(!shown.contains("issued") && !shown.contains("s3cr"), "{shown}");
        assert_eq!(matches!(failure, Failure::Denied { .. }), [400, 401].contains(&status), "{failure:?}");
        assert_eq!((fetched(&server), server.count(), http.requests()), (attempts, attempts, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_token_shares_the_failure() {
    let server = Server::start(|_, _| Act::Later(Duration::from_secs(1), bytes(400, &[], b"{}"))).await;
    let http = Arc::new(tokens(&server));
    assert!(all(&http, &server, 8).await.iter().all(|outcome| matches!(outcome, Err(Failure::Denied { .. }))));
    assert_eq!(server.count(), 1);
}

// ---- proxies

/// Sends one request as the environment of this process says. Run by the next test, in a process of its own.
#[tokio::test]
#[ignore = "run by proxies_are_taken_from_the_environment"]
async fn one_request_as_the_environment_says() {
    let url = Url::parse(&std::env::var("ROSTERCTL_TEST_URL").expect("an address")).expect("an address");
    let settings = Settings { retries: 0, insecure_http: true, ..Settings::new(url.clone(), Auth::None) };
    let outcome = Http::new(settings).expect("a client").send(Request::new(Method::GET, url, Safety::Read)).await;
    writeln!(std::io::stdout(), "\noutcome: {:?}", outcome.map(|answer| answer.status)).expect("stdout");
}

#[tokio::test]
async fn proxies_are_taken_from_the_environment() {
    let proxy = Server::start(|_, heard| match heard.line.starts_with("CONNECT") {
        true => Act::Close(bytes(403, &[], b"")),
        false => json(202, "{}"),
    })
    .await;
    let portal = Server::start(|_, _| json(200, "{}")).await;
    let run = async |url: &str, none: &str| {
        let mut command = tokio::process::Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "one_request_as_the_environment_says", "--ignored", "--nocapture"]);
        for name in ["ALL_PROXY", "all_proxy", "http_proxy", "https_proxy", "no_proxy", "REQUEST_METHOD"] {
            command.env_remove(name);
        }
        command.env("HTTP_PROXY", proxy.url.as_str()).env("HTTPS_PROXY", proxy.url.as_str()).env("NO_PROXY", none);
        let output = command.env("ROSTERCTL_TEST_URL", url).output().await.expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().find(|line| line.contains("outcome: ")).expect("an outcome").to_owned()
    };
    assert!(run("http://portal.invalid/a", "").await.ends_with("Ok(202)"));
    assert_eq!(proxy.heard()[0].line, "GET http://portal.invalid/a");
    assert!(run("https://portal.invalid/b", "").await.contains("NotSent"));
    assert_eq!(proxy.heard()[1].line, "CONNECT portal.invalid:443");
    let spared = run("http://portal.invalid/c", "portal.invalid").await;
    assert!(spared.contains("NotSent") && spared.contains("not known"), "{spared}");
    assert!(run(portal.at("/d").as_str(), "").await.ends_with("Ok(200)"));
    assert_eq!((proxy.count(), portal.count()), (2, 1));
}
