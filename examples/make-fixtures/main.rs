//! Rewrites the drawn part of `fixtures/`: `cargo run --example make-fixtures`.
//!
//! Everything is invented and drawn by `practice::letters`, so every run gives the same bytes; a test
//! compares them with what is committed. `--out DIR` writes elsewhere, `--fonts DIR` looks there for the fonts
//! first (flat, by file name).

mod broken;
mod cases;
mod fonts;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use fonts::Fonts;

/// One file, its path relative to `fixtures/`.
struct Fixture {
    path: String,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = PathBuf::from("fixtures");
    let mut fonts = Fonts::default();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("an option lacks its value")?;
        match argument.to_str() {
            Some("--out") => out = value.into(),
            Some("--fonts") => fonts = Fonts::in_folder(value.into()),
            _ => return Err("usage: make-fixtures [--out DIR] [--fonts DIR]".into()),
        }
    }
    for case in cases::ALL {
        write(&out, cases::draw(case, &fonts)?)?;
    }
    write(&out, cases::foreign(&fonts)?)?;
    write(&out, broken::all(&fonts)?)?;
    Ok(())
}

fn write(out: &Path, files: Vec<Fixture>) -> Result<(), Box<dyn Error>> {
    for Fixture { path, bytes } in files {
        let path = out.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes)?;
    }
    Ok(())
}
