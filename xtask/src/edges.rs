//! Who may depend on whom, and what must never reach the browser.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo::{self, cargo};
use crate::tools::WASM_TARGET;
use crate::workspace::Workspace;

/// Each crate with the workspace crates that it may use outside its tests.
const EDGES: &[(&str, &[&str])] = &[
    ("portal-model", &[]),
    ("portal-core", &["portal-model"]),
    ("portal-store", &["portal-core", "portal-model"]),
    ("portal-directory", &["portal-core", "portal-fetch", "portal-model"]),
    ("portal-fetch", &["portal-core", "portal-model"]),
    ("portal-app", &["portal-core", "portal-model"]),
    ("portal-frontend", &["portal-app"]),
    (
        "portal-server",
        &["portal-app", "portal-core", "portal-directory", "portal-fetch", "portal-model", "portal-store"],
    ),
    (
        "portal-testkit",
        &["portal-core", "portal-directory", "portal-fetch", "portal-model", "portal-server", "portal-store"],
    ),
    ("xtask", &[]),
    ("xtask-bench", &["portal-core", "portal-server", "portal-store", "portal-testkit"]),
    ("xtask-bindgen", &[]),
];
/// Crates that the domain must not know, neither directly nor as an option.
const FOREIGN_TO_CORE: &[&str] = &["axum", "leptos", "sqlx", "reqwest", "hyper"];
/// Crates that must not be in the wasm file, by the start of their names. (`regex` is: `leptos_config` names it, and the
/// linker drops it.)
const FOREIGN_TO_WASM: &[&str] =
    &["tokio", "sqlx", "axum", "argon2", "reqwest", "hyper", "rmcp", "rustls", "portal-core", "ring"];

/// Checks both kinds of rule on the workspace as it is.
///
/// # Errors
/// When a rule is broken, each break on a line of its own.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut metadata = cargo(workspace);
    metadata.args(["metadata", "--format-version", "1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&cargo::output(&mut metadata)?)?;
    let mut tree = cargo(workspace);
    tree.args(["tree", "--package", "portal-frontend", "--target", WASM_TARGET, "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--locked"]);
    let tree = cargo::output(&mut tree)?;
    let mut faults = edge_faults(&metadata)?;
    faults.extend(wasm_faults(&tree));
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
}

fn edge_faults(metadata: &Value) -> Result<Vec<String>> {
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
    let mut faults = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
            faults.push(format!("{name} is not in the table of edges"));
            continue;
        };
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        for dependency in dependencies.filter(|dependency| text(dependency, "kind") != "dev") {
            let target = text(dependency, "name");
            if dependency.get("path").is_some_and(Value::is_string) && !allowed.contains(&target) {
                faults.push(format!("{name} must not depend on {target}"));
            }
            if name == "portal-core" && FOREIGN_TO_CORE.contains(&target) {
                faults.push(format!("the domain must not know {target}"));
            }
        }
    }
    Ok(faults)
}

fn wasm_faults(tree: &str) -> Vec<String> {
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    let foreign = |name: &str| {
        FOREIGN_TO_WASM.iter().any(|start| {
            name.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
        })
    };
    names
        .into_iter()
        .filter(|name| foreign(name))
        .map(|name| format!("{name} must not reach the browser"))
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_workspace_keeps_its_edges() {
        check(&Workspace::find()).unwrap();
    }

    #[test]
    fn a_forbidden_edge_is_found_and_a_test_dependency_is_not() {
        let dependency = |name: &str, kind: Value| json!({"name": name, "kind": kind, "path": "/somewhere"});
        let metadata = json!({"packages": [
            {"name": "portal-model", "dependencies": [dependency("portal-core", Value::Null)]},
            {"name": "portal-store", "dependencies": [dependency("portal-testkit", json!("dev"))]},
            {"name": "portal-core", "dependencies": [{"name": "axum", "kind": null, "path": null}]},
            {"name": "newcomer", "dependencies": []},
        ]});
        assert_eq!(
            edge_faults(&metadata).unwrap(),
            [
                "portal-model must not depend on portal-core",
                "the domain must not know axum",
                "newcomer is not in the table of edges",
            ]
        );
    }

    #[test]
    fn server_crates_are_found_in_a_wasm_tree() {
        let tree = "portal-frontend v0.1.0\ntokio v1.0.0\ntokio-util v0.7.0\ntokioish v1.0.0\nserde v1.0.0\n";
        assert_eq!(
            wasm_faults(tree),
            ["tokio must not reach the browser", "tokio-util must not reach the browser"]
        );
    }
}
