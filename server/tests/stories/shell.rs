//! The `portal` command, as a script uses it.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Runs `portal` in a folder.
fn portal(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portal"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PORTAL_LOG")
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("portal");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("input");
    child.wait_with_output().expect("an end")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("a code")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What a command shows with `--json`.
fn json(folder: &Path, arguments: &[&str], input: &str) -> Value {
    let output = portal(folder, &[arguments, &["--json"]].concat(), input);
    assert_eq!(code(&output), 0, "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn commands_make_their_database_and_see_each_others_changes() {
    let folder = folder();
    let folder = folder.path();
    let admin = json(
        folder,
        &["admin", "create", "--email", "root@example.com", "--password-stdin"],
        "a lighthouse of pears\n",
    );
    assert_eq!((&admin["admin"], &admin["status"]), (&Value::Bool(true), &Value::from("active")));
    assert!(folder.join("data/portal.db").is_file());

    let created = json(folder, &["user", "create", "--email", "ada@example.com", "--name", "Ada"], "");
    let link = created["link"].as_str().expect("a link");
    assert!(link.starts_with("http://localhost:3000/sign-in/link?token="), "{link}");
    json(folder, &["user", "grant-admin", "ada@example.com"], "");
    json(folder, &["user", "revoke-admin", "ada@example.com"], "");
    json(folder, &["user", "disable", "ada@example.com"], "");
    let users = json(folder, &["user", "list"], "");
    let ada =
        users.as_array().expect("users").iter().find(|user| user["email"] == "ada@example.com").expect("Ada");
    assert_eq!((&ada["admin"], &ada["status"]), (&Value::Bool(false), &Value::from("disabled")));

    let before = json(folder, &["settings", "get", "mcp.cimd.enabled"], "");
    assert_eq!(before["mcp.cimd.enabled"], "false");
    let set = ["settings", "set", "mcp.cimd.enabled", "true", "mcp.refresh.enabled", "true"];
    assert_eq!(json(folder, &set, "")["mcp.refresh.enabled"], "true");
    assert_eq!(json(folder, &["settings", "list"], "")["mcp.cimd.enabled"], "true");
    assert_eq!(json(folder, &["catalog", "rejected"], ""), Value::Array(Vec::new()));
}

#[test]
fn exit_codes_tell_wrong_usage_from_failure_and_reasons_are_on_standard_error() {
    let folder = folder();
    let folder = folder.path();
    for (arguments, expected) in [
        (&["--version"][..], 0),
        (&["check-config"], 0),
        (&["no-such-command"], 2),
        (&["settings", "set", "mcp.cimd.enabled"], 2),
        (&["settings", "get", "no.such.key"], 2),
        (&["settings", "set", "mcp.cimd.enabled", "perhaps"], 2),
        (&["check-config", "--config", "missing.toml"], 2),
        (&["admin", "create", "--email", "root@example.com", "--password-stdin"], 2),
        (&["user", "disable", "nobody@example.com"], 1),
        (&["catalog", "rejected", "--location", "none"], 1),
    ] {
        let output = portal(folder, arguments, "");
        assert_eq!(code(&output), expected, "{arguments:?}: {}", text(&output.stderr));
        if expected != 0 {
            assert_eq!(text(&output.stdout), "", "{arguments:?}");
            assert_ne!(text(&output.stderr), "", "{arguments:?}");
        }
    }
}

#[test]
fn a_weak_password_is_refused_in_words() {
    let folder = folder();
    let arguments = ["admin", "create", "--email", "root@example.com", "--password-stdin"];
    let output = portal(folder.path(), &arguments, "short\n");
    assert_eq!(code(&output), 1);
    assert_eq!(text(&output.stderr), "portal: Use at least 12 characters.\n");
}

/// A server that runs until the test is over.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The status line of an answer to `GET`.
fn get(port: u16, path: &str) -> String {
    use std::io::Read as _;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[cfg(unix)]
#[test]
fn serving_announces_itself_is_alone_and_ends_when_told() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let folder = folder();
    let port = free_port();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n[metrics]\nlisten = \"off\"\n"
    );
    std::fs::write(folder.path().join("portal.toml"), config).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_portal"));
    child.arg("serve").current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Serving(child.spawn().expect("portal"));
    let mut output = BufReader::new(serving.0.stdout.take().expect("an output")).lines();
    let mut line = || output.next().expect("a line").expect("UTF-8");
    assert_eq!(line(), format!("Portal is running at http://localhost:{port}"));
    let offer = line();
    let start = format!(
        "Make the first admin (works once, within 24 hours): http://localhost:{port}/first-admin?token="
    );
    let token = offer.strip_prefix(&start).unwrap_or_else(|| panic!("{offer}")).to_owned();
    assert_eq!(get(port, "/readyz"), "HTTP/1.1 200 OK");

    let second = portal(folder.path(), &["serve"], "");
    assert_eq!(code(&second), 1);
    assert!(text(&second.stderr).contains("another portal serves"), "{}", text(&second.stderr));
    // A command beside the server is seen by it within a second.
    assert_eq!(get(port, "/.well-known/oauth-protected-resource"), "HTTP/1.1 404 Not Found");
    json(folder.path(), &["settings", "set", "mcp.cimd.enabled", "true"], "");
    let seen = (0..100).any(|_| {
        std::thread::yield_now();
        get(port, "/.well-known/oauth-protected-resource") == "HTTP/1.1 200 OK" || {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
            false
        }
    });
    assert!(seen, "the change was not seen");

    let pid = serving.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(serving.0.wait().expect("an end").code(), Some(0));
    let mut log = String::new();
    serving.0.stderr.take().expect("a log").read_to_string(&mut log).expect("UTF-8");
    assert!(log.contains("/readyz") && !log.contains(&token), "{log}");
}
