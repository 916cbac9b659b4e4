//! Makes the JavaScript glue of a wasm file: `xtask-bindgen INPUT.wasm OUTPUT_DIR NAME`.

use std::error::Error;
use std::path::PathBuf;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(input), Some(output), Some(name)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: xtask-bindgen INPUT.wasm OUTPUT_DIR NAME".into());
    };
    let name = name.into_string().map_err(|_| "NAME is not UTF-8")?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(PathBuf::from(input))
        .out_name(&name)
        .web(true)?
        .typescript(false)
        // The page passes the wasm file's hashed address itself.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.generate(PathBuf::from(output))?;
    Ok(())
}
