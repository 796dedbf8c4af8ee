//! What was asked for on the command line.

use std::error::Error;
use std::path::PathBuf;

use noticert::practice::letters::Grade;

/// See the example's own documentation.
pub struct Options {
    pub pages: usize,
    pub seed: u64,
    pub jobs: usize,
    pub unusual: bool,
    pub two: bool,
    pub ids_apart: bool,
    pub latin: bool,
    pub wrong: bool,
    pub mislead: bool,
    pub askew: f32,
    pub grade: Option<Grade>,
    pub keep: Option<PathBuf>,
    pub remember: Option<PathBuf>,
    pub only_font: Option<String>,
    pub crops: Option<PathBuf>,
    pub names: bool,
}

impl Options {
    pub fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            pages: 60,
            seed: 1,
            jobs: 1,
            unusual: false,
            two: false,
            ids_apart: false,
            latin: false,
            wrong: false,
            mislead: false,
            askew: 0.0,
            grade: None,
            keep: None,
            remember: None,
            only_font: None,
            crops: None,
            names: true,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--pages" => options.pages = value()?.parse()?,
                "--seed" => options.seed = value()?.parse()?,
                "--jobs" => options.jobs = value()?.parse()?,
                "--askew" => options.askew = value()?.parse()?,
                "--grade" => {
                    let name = value()?;
                    let named = |grade: &Grade| format!("{grade:?}").eq_ignore_ascii_case(&name);
                    options.grade =
                        Some(Grade::ALL.into_iter().find(named).ok_or("no such grade")?);
                }
                "--fonts" => match value()?.as_str() {
                    "latin" => options.latin = true,
                    "japanese" => options.latin = false,
                    _ => return Err("--fonts is japanese or latin".into()),
                },
                "--keep" => options.keep = Some(value()?.into()),
                "--remember" => options.remember = Some(value()?.into()),
                "--font" => options.only_font = Some(value()?),
                "--crops" => options.crops = Some(value()?.into()),
                "--without-names" => options.names = false,
                "--two" => options.two = true,
                "--unusual" => options.unusual = true,
                "--ids-apart" => options.ids_apart = true,
                "--mislead" => options.mislead = true,
                "--wrong" => options.wrong = true,
                other => return Err(format!("unknown option {other}").into()),
            }
        }
        Ok(options)
    }
}
