//! The disk's own rate: what one durable write costs when nothing else is done.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

const BLOCK_BYTES: usize = 4096;
const BLOCKS: u64 = 256;

/// Blocks of 4 KB that are written one after the other and waited for (`fdatasync`), a second.
pub fn syncs_per_second(folder: &Path, span: Duration) -> io::Result<f64> {
    let path = folder.join(format!("disk-{}.tmp", std::process::id()));
    let result = measure(&path, span);
    // The file may be missing when the measurement failed.
    let _ = std::fs::remove_file(&path);
    result
}

fn measure(path: &Path, span: Duration) -> io::Result<f64> {
    let mut file = File::create(path)?;
    let block = [0x5a; BLOCK_BYTES];
    // The file has its size before: the log of a database is written over and over, too.
    for _ in 0..BLOCKS {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    let begun = Instant::now();
    let mut syncs = 0_u32;
    while begun.elapsed() < span {
        file.seek(SeekFrom::Start(u64::from(syncs) % BLOCKS * BLOCK_BYTES as u64))?;
        file.write_all(&block)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / begun.elapsed().as_secs_f64())
}
