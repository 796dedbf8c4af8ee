//! Puts icon, version and manifest into the Windows program; builds for other systems have nothing to do here.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed={PROGRAM}");
    println!("cargo::rerun-if-env-changed=WINDRES");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if (target("OS").as_str(), target("ENV").as_str()) != ("windows", "gnu") {
        return;
    }
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets the version");
    let numbers: Vec<&str> = version
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .take(3)
        .collect();
    let out =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets the folder")).join("program.o");
    let windres = env::var("WINDRES").unwrap_or_else(|_| "x86_64-w64-mingw32-windres".to_owned());
    let status = Command::new(&windres)
        .current_dir(Path::new(PROGRAM))
        .arg("--codepage=65001")
        .arg(format!("-DVERSION_NUMBERS={},0", numbers.join(",")))
        .arg(format!("-DVERSION_TEXT=\\\"{version}\\\""))
        .args(["noticert.rc", "-O", "coff", "-o"])
        .arg(&out)
        .status();
    match status {
        Ok(status) if status.success() => {}
        outcome => panic!(
            "{windres} is needed for the Windows program (binutils-mingw-w64-x86-64): {outcome:?}"
        ),
    }
    println!("cargo::rustc-link-arg-bins={}", out.display());
}

/// Icon, version and manifest.
const PROGRAM: &str = "src/platform/windows/program";
