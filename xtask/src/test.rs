//! `cargo xtask test`: every check, and one closing line.

use std::fs;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo::{self, cargo};
use crate::e2e;
use crate::edges;
use crate::evidence;
use crate::lint;
use crate::postgres::{APP_URL_VARIABLE, Postgres, URL_VARIABLE};
use crate::report::{Counts, Report};
use crate::run;
use crate::site::{self, Site};
use crate::tools::{self, TestNode};
use crate::workspace::Workspace;

/// The most that browsers may have to load as wasm, in bytes after brotli.
const WASM_BROTLI_BYTES_MAX: u64 = 120_000;
/// Tools, format, edges, evidence, two clippy runs, PostgreSQL, Rust tests, stories again; then server, size, browser, conformance.
const QUICK_CHECKS: usize = 9;
const RELEASE_CHECKS: usize = 4;

/// Options of `test`.
#[derive(Args)]
pub struct Options {
    /// Leave out the release build, the browser tests and the conformance suite
    #[arg(long)]
    quick: bool,
}

/// `cargo xtask test`.
///
/// # Errors
/// When a tool is missing. Failed checks are told by the exit code.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let release = !options.quick;
    let extra = if release { RELEASE_CHECKS + site::STAGES } else { 0 };
    let mut report = Report::new(QUICK_CHECKS + extra);
    let node = report.stages().run("Tools", || {
        tools::ready_to_build(workspace)?;
        tools::ready_to_test(workspace)
    })?;
    report.check("Format", || lint::format(workspace, true).map(|_| Counts::ONE));
    report.check("Dependency edges", || edges::check(workspace).map(|()| Counts::ONE));
    report.check("Evidence tables", || evidence::check(workspace).map(|()| Counts::ONE));
    // First of the long steps: the server's tests then see the site that the release binary embeds.
    let site = release.then(|| site::build(workspace, report.stages()));
    report.check("Clippy, server half", || lint::clippy_server(workspace).map(|()| Counts::ONE));
    report.check("Clippy, browser half", || lint::clippy_browser(workspace).map(|()| Counts::ONE));
    rust_checks(workspace, &node, &mut report);
    if let Some(site) = site {
        release_checks(workspace, &node, &mut report, site);
    }
    Ok(report.close())
}

fn rust_checks(workspace: &Workspace, node: &TestNode, report: &mut Report) {
    let mut postgres = None;
    report.check("PostgreSQL for the tests", || {
        postgres = Some(Postgres::start(workspace, node)?);
        Ok(Counts::ONE)
    });
    let run = |arguments: &[String], variable: &str| {
        let mut tests = cargo(workspace);
        tests.args(["test", "--no-fail-fast", "--locked"]).args(arguments);
        if let Some(postgres) = &postgres {
            tests.env(variable, &postgres.url);
        }
        let mut counts = Counts::default();
        let succeeded = cargo::watch(&mut tests, |line| counts.add_line(line))?;
        Ok(counts.ended(succeeded))
    };
    report.check("Rust tests, the store on both engines", || {
        run(&["--workspace".to_owned(), "--exclude=portal-frontend".to_owned()], URL_VARIABLE)
    });
    // The same application tests as before, which had SQLite below them.
    report.check("HTTP stories on PostgreSQL", || {
        if postgres.is_none() {
            bail!("left out: there is no PostgreSQL");
        }
        // Not by `--package`: another choice of packages has other features, and everything would be compiled again.
        let mut arguments = vec!["--workspace".to_owned(), "--exclude=portal-frontend".to_owned()];
        arguments.extend(story_targets(workspace)?.into_iter().map(|name| format!("--test={name}")));
        run(&arguments, APP_URL_VARIABLE)
    });
}

/// The names of the server's test targets: files of its tests folder, and folders with a `main.rs`.
fn story_targets(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace.root.join("server/tests"))? {
        let path = entry?.path();
        let is_target =
            path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file();
        if let (true, Some(name)) = (is_target, path.file_stem().and_then(|name| name.to_str())) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn release_checks(workspace: &Workspace, node: &TestNode, report: &mut Report, site: Result<Site>) {
    let site_built = site.is_ok();
    report.check("Wasm size", || {
        let bytes = site?.wasm_brotli_bytes;
        println!("      {bytes} of {WASM_BROTLI_BYTES_MAX} bytes");
        if bytes > WASM_BROTLI_BYTES_MAX {
            bail!("browsers would have to load {bytes} bytes of wasm, {WASM_BROTLI_BYTES_MAX} are the most");
        }
        Ok(Counts::ONE)
    });
    let built = report.check("Release binary", || {
        if !site_built {
            bail!("left out: there is no site to embed");
        }
        run::server(workspace, true).map(|()| Counts::ONE)
    });
    let needs_binary = |check: &dyn Fn() -> Result<Counts>| {
        if built { check() } else { bail!("left out: there is no release binary") }
    };
    report.check("Browser tests", || needs_binary(&|| e2e::browser_tests(workspace, node, None)));
    report.check("Protocol conformance", || needs_binary(&|| e2e::conformance(workspace, node)));
}
