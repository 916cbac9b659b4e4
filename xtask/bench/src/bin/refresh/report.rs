//! Measures everything on one engine in turn and prints the table.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portal_core::ports::Clock as _;
use portal_server::environment::SystemClock;
use portal_testkit::app::LeftDatabase;

use crate::load::{self, Figures, Target};
use crate::server::{self, Place, Way};
use crate::{Failure, Options, disk};

/// Durable grants at the most chains, as a part of the disk's rate: one goal.
const DISK_RATIO_MIN: f64 = 10.0;
/// And as a part of the rate without waiting for the disk: the other one; either will do.
const ENGINE_RATIO_MIN: f64 = 0.5;
const DISK_SPAN: Duration = Duration::from_secs(2);

/// One line of the table.
struct Case {
    name: &'static str,
    way: Way,
    /// How many chains; each number is a line of the table.
    chains: Vec<usize>,
    durable: bool,
}

fn cases(options: &Options) -> Vec<Case> {
    let most = || options.chains.iter().copied().max().into_iter().collect::<Vec<_>>();
    let portal = |parameters| Way::Portal { parameters };
    let mut cases = vec![Case {
        name: "portal serve, durable",
        way: portal(""),
        chains: options.chains.clone(),
        durable: true,
    }];
    if options.postgres.is_some() {
        let way = portal("?options[synchronous_commit]=off");
        cases.push(Case { name: "synchronous_commit=off", way, chains: most(), durable: false });
    } else {
        let host = |name, options, durable| Case { name, way: Way::Host(options), chains: most(), durable };
        cases.push(host("a commit for each, durable", &["--durability", "full", "--group", "1"], true));
        cases.push(host("synchronous=NORMAL", &["--durability", "normal"], false));
        cases.push(host("synchronous=OFF", &["--durability", "off"], false));
    }
    cases
}

/// Measures and prints.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let disk_folder = options.disk_folder.clone().unwrap_or_else(|| folder.path().to_path_buf());
    let most = options.chains.iter().copied().max().unwrap_or(1);
    let port = server::free_port()?;
    let url = format!("http://localhost:{port}");
    let (database, client_id, tokens) =
        LeftDatabase::with_sessions(options.postgres.as_deref(), &url, SystemClock.now(), most).await;
    let mut tokens: Vec<String> = tokens.into_iter().map(|tokens| tokens.refresh).collect();
    let place = Place { portal: &options.portal, folder: folder.path(), database: database.address(), port };
    let target = Target { port, client_id };
    let mut syncs = Vec::new();
    let cases = cases(options);
    let mut seen: Vec<(&Case, usize, Vec<Figures>)> = cases
        .iter()
        .flat_map(|case| case.chains.iter().map(move |chains| (case, *chains, Vec::new())))
        .collect();
    // In turn, so that a machine that slows down hurts all.
    for round in 1..=options.rounds.max(1) {
        syncs.push(disk_rate(&disk_folder).await?);
        for (case, chains, figures) in &mut seen {
            let _server = place.start(&case.way).await?;
            let chosen = tokens.get_mut(..*chains).unwrap_or_default();
            figures.push(load::run(&target, chosen, Duration::from_secs(options.seconds)).await?);
        }
        println!("round {round} of {} is over", options.rounds);
    }
    print(options, &syncs, &seen, most);
    Ok(())
}

async fn disk_rate(folder: &Path) -> Result<f64, Failure> {
    let folder: PathBuf = folder.to_path_buf();
    Ok(tokio::task::spawn_blocking(move || disk::syncs_per_second(&folder, DISK_SPAN)).await??)
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn print(options: &Options, syncs: &[f64], seen: &[(&Case, usize, Vec<Figures>)], most: usize) {
    let engine = if options.postgres.is_some() { "PostgreSQL" } else { "SQLite" };
    let sync = median(syncs.iter().copied());
    let rate = |figures: &[Figures]| median(figures.iter().map(|figures| figures.per_second));
    let unsynced = seen
        .iter()
        .filter(|(case, chains, _)| !case.durable && *chains == most)
        .map(|(_, _, figures)| rate(figures))
        .fold(0.0, f64::max);
    println!("\nrefresh grants on {engine}: {} rounds of {} s, medians", options.rounds, options.seconds);
    println!(
        "{:<30}{:>8}{:>12}{:>10}{:>10}{:>12}{:>12}",
        "", "chains", "per second", "p50 ms", "p99 ms", "of syncs", "of no wait"
    );
    println!("{:<30}{:>8}{sync:>12.0}", "fdatasync of 4 KB", "");
    for (case, chains, figures) in seen {
        let per_second = rate(figures);
        let p50 = median(figures.iter().map(|figures| figures.p50_ms));
        let p99 = median(figures.iter().map(|figures| figures.p99_ms));
        println!(
            "{:<30}{chains:>8}{per_second:>12.0}{p50:>10.1}{p99:>10.1}{:>12.1}{:>12.2}",
            case.name,
            per_second / sync,
            per_second / unsynced
        );
    }
    let reached =
        seen.iter().find(|(case, chains, _)| case.durable && *chains == most).map(|(_, _, figures)| {
            let per_second = rate(figures);
            per_second >= DISK_RATIO_MIN * sync || per_second >= ENGINE_RATIO_MIN * unsynced
        });
    println!(
        "goal at {most}: {DISK_RATIO_MIN} times the disk's rate or {ENGINE_RATIO_MIN} of the rate without waiting: {}",
        if reached == Some(true) { "reached" } else { "missed" }
    );
}
