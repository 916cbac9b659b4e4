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
