//! The site: everything a browser loads, made once and embedded into the server.
//!
//! Rust → wasm → wasm-bindgen → wasm-opt; Tailwind → stylesheet; `public/` as it is. The results get names with a
//! content hash, precompressed copies and a manifest in `target/site`. Steps whose inputs did not change are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cargo::{self, cargo};
use crate::digest::{Inputs, asset_hash, files_below};
use crate::stage::Stages;
use crate::tools::WASM_TARGET;
use crate::workspace::Workspace;

/// Steps that [`build`] announces.
pub const STAGES: usize = 3;
/// The profile that makes the wasm file small.
const WASM_PROFILE: &str = "wasm-release";
/// wasm-opt: smallest result, with the features that rustc's wasm target has switched on.
const WASM_OPT_FLAGS: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// A wasm file below this size holds no islands: their exports were lost.
const WASM_BYTES_MIN: u64 = 10_000;

/// What was built.
pub struct Site {
    /// Size of the wasm file as browsers load it, in bytes.
    pub wasm_brotli_bytes: u64,
}

/// Makes `target/site`.
///
/// # Errors
/// When a tool is missing or fails, or a result is not what it should be.
pub fn build(workspace: &Workspace, stages: &mut Stages) -> Result<Site> {
    let work = workspace.target.join("site-work");
    fs::create_dir_all(&work)?;
    let wasm = stages.run("Compiling the browser half", || compile(workspace))?;
    stages.run("Making the wasm file small", || bindgen(workspace, &work, &wasm))?;
    stages.run("Making the stylesheet and the assets", || {
        stylesheet(workspace, &work)?;
        assemble(workspace, &work)
    })
}

fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = cargo(workspace);
    build
        .args(["build", "--package", "portal-frontend", "--target", WASM_TARGET, "--profile", WASM_PROFILE])
        .arg("--target-dir")
        .arg(&workspace.target);
    cargo::run(&mut build)?;
    Ok(workspace.target.join(WASM_TARGET).join(WASM_PROFILE).join("portal_frontend.wasm"))
}

fn bindgen(workspace: &Workspace, work: &Path, wasm: &Path) -> Result<()> {
    let output = work.join("wasm");
    let mut inputs = Inputs::default();
    inputs
        .path(wasm)?
        .path(&workspace.root.join("xtask/bindgen"))?
        .path(&workspace.style().join("package-lock.json"))?
        .value("flags", WASM_OPT_FLAGS.join(" "));
    once(&output, inputs, |output| {
        let mut bindgen = cargo(workspace);
        bindgen.args(["run", "--quiet", "--package", "xtask-bindgen", "--"]);
        cargo::run(bindgen.arg(wasm).arg(output).arg("portal"))?;
        let large = output.join("portal_bg.wasm");
        let mut opt = node_tool(workspace, "wasm-opt");
        opt.args(WASM_OPT_FLAGS).arg(&large).arg("-o").arg(output.join("portal.wasm"));
        cargo::run(&mut opt)?;
        fs::remove_file(large)?;
        Ok(())
    })
}

fn stylesheet(workspace: &Workspace, work: &Path) -> Result<()> {
    let source = workspace.style().join("portal.css");
    let mut inputs = Inputs::default();
    for file in files_below(&workspace.style())? {
        if file.extension().is_some_and(|extension| extension == "css")
            && !file.starts_with(workspace.style().join("node_modules"))
        {
            inputs.path(&file)?;
        }
    }
    inputs.path(&workspace.root.join("app/src"))?.path(&workspace.style().join("package-lock.json"))?;
    once(&work.join("css"), inputs, |output| {
        let mut tailwind = node_tool(workspace, "tailwindcss");
        tailwind.arg("--input").arg(&source).arg("--output").arg(output.join("portal.css")).arg("--minify");
        cargo::run(tailwind.current_dir(workspace.style()))
    })
}

fn assemble(workspace: &Workspace, work: &Path) -> Result<Site> {
    let site = workspace.site();
    let mut inputs = Inputs::default();
    for path in [work.join("wasm"), work.join("css"), workspace.root.join("public")] {
        inputs.path(&path)?;
    }
    inputs.path(&workspace.style().join("precompress.mjs"))?.value("layout", "1");
    once(&site, inputs, |site| {
        let assets = site.join("assets");
        fs::create_dir_all(&assets)?;
        let js = add_hashed(&assets, &work.join("wasm/portal.js"))?;
        let wasm = add_hashed(&assets, &work.join("wasm/portal.wasm"))?;
        let css = add_hashed(&assets, &work.join("css/portal.css"))?;
        // The glue imports these by relative names, which carry no content hash.
        copy_below(&work.join("wasm/snippets"), &assets.join("snippets"))?;
        copy_below(&workspace.root.join("public"), site)?;
        let mut precompress = Command::new("node");
        precompress.arg("precompress.mjs").arg(site).current_dir(workspace.style());
        cargo::run(&mut precompress)?;
        let manifest = json!({ "css": css, "js": js, "wasm": wasm });
        fs::write(site.join("manifest.json"), format!("{manifest:#}\n"))?;
        Ok(())
    })?;
    measure(&site)
}

fn measure(site: &Path) -> Result<Site> {
    let manifest = fs::read_to_string(site.join("manifest.json"))?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
    let wasm =
        manifest.get("wasm").and_then(|path| path.as_str()).context("the manifest names no wasm file")?;
    let plain = site.join(wasm.trim_start_matches('/'));
    let bytes = fs::metadata(&plain)?.len();
    if bytes < WASM_BYTES_MIN {
        bail!(
            "the wasm file has {bytes} bytes only: the islands are gone (does portal-frontend still use portal-app?)"
        );
    }
    let brotli = fs::metadata(format!("{}.br", plain.display()))?.len();
    println!("      wasm: {} kB, {} kB as browsers load it", bytes / 1000, brotli / 1000);
    Ok(Site { wasm_brotli_bytes: brotli })
}

/// Runs a step into an empty folder unless its inputs are those of the last success.
fn once(output: &Path, inputs: Inputs, step: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let digest = inputs.finish();
    let stamp = output.with_extension("digest");
    if output.is_dir() && fs::read_to_string(&stamp).is_ok_and(|found| found == digest) {
        return Ok(());
    }
    let fresh = output.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    step(&fresh)?;
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    fs::rename(&fresh, output)?;
    fs::write(stamp, digest)?;
    Ok(())
}

/// Copies a file as `name.<hash>.extension`; returns its address.
fn add_hashed(assets: &Path, source: &Path) -> Result<String> {
    let bytes = fs::read(source).with_context(|| format!("{} cannot be read", source.display()))?;
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let extension = source.extension().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}.{}.{extension}", asset_hash(&bytes));
    fs::write(assets.join(&name), bytes)?;
    Ok(format!("/assets/{name}"))
}

fn copy_below(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&file, target)?;
    }
    Ok(())
}

fn node_tool(workspace: &Workspace, name: &str) -> Command {
    let suffix = if cfg!(windows) { ".cmd" } else { "" };
    Command::new(workspace.style().join(format!("node_modules/.bin/{name}{suffix}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(value: &str) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.value("input", value);
        inputs
    }

    #[test]
    fn a_step_runs_again_only_when_its_inputs_changed_or_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("css");
        let mut runs = 0;
        let mut attempt = |value: &str, fail: bool| {
            once(&output, inputs(value), |folder| {
                runs += 1;
                fs::write(folder.join(format!("run-{runs}")), value)?;
                anyhow::ensure!(!fail, "no");
                Ok(())
            })
        };
        attempt("a", false).unwrap();
        attempt("a", false).unwrap();
        attempt("b", true).unwrap_err();
        attempt("b", false).unwrap();
        attempt("b", false).unwrap();
        assert_eq!(runs, 3);
        // Nothing of an earlier run is left behind.
        assert_eq!(files_below(&output).unwrap(), [output.join("run-3")]);
    }

    #[test]
    fn hashed_names_follow_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("portal.css");
        fs::write(&source, "a{}").unwrap();
        let first = add_hashed(folder.path(), &source).unwrap();
        fs::write(&source, "b{}").unwrap();
        let second = add_hashed(folder.path(), &source).unwrap();
        assert_ne!(first, second);
        assert_eq!(first, format!("/assets/portal.{}.css", asset_hash(b"a{}")));
    }
}
