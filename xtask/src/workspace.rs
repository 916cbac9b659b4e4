//! Where things lie.

use std::path::{Path, PathBuf};

/// The folders of the clone.
pub struct Workspace {
    /// The clone's top folder.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace that this command belongs to.
    pub fn find() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().unwrap_or(manifest).to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(PathBuf::from(folder)));
        Self { root, target }
    }

    /// The folder that the server embeds: hashed assets and their precompressed copies.
    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// The release binary.
    pub fn portal(&self) -> PathBuf {
        self.target.join("release").join(format!("portal{}", std::env::consts::EXE_SUFFIX))
    }

    /// Node tools that build the site.
    pub fn style(&self) -> PathBuf {
        self.root.join("style")
    }

    /// Node tools and scripts that test the product.
    pub fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }
}
