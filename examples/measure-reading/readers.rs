//! The readers that are measured: as they are, remembering what they said, or misled on purpose.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use image::GrayImage;
use noticert::intake::look_alikes;
use noticert::intake::reader::{Alphabet, LineReader, LineReading, ReadCharacter, ReaderError};
use noticert::intake::values::Readers;
use sha2::{Digest, Sha256};

use crate::options::Options;

/// What all threads' readers share.
pub struct Bench {
    memory: Option<Arc<Memory>>,
    mislead: bool,
    names: bool,
}

/// The page that a thread's readers are at: its seed.
#[derive(Clone, Default)]
pub struct Page(Arc<AtomicU64>);

impl Page {
    pub fn turn_to(&self, seed: u64) {
        self.0.store(seed, Ordering::Relaxed);
    }
}

type Reader = Box<dyn LineReader + Send>;

impl Bench {
    pub fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        let memory = options.remember.as_deref().map(Memory::open).transpose()?;
        Ok(Self {
            memory: memory.map(Arc::new),
            mislead: options.mislead,
            names: options.names,
        })
    }

    /// One thread's readers.
    pub fn readers(&self, page: &Page) -> Result<Readers, ReaderError> {
        let readers = Readers::open(None)?;
        let wrapped = |name: &'static str, mut reader: Reader| -> Reader {
            if let Some(memory) = &self.memory {
                reader = Box::new(Remembering {
                    name,
                    reader,
                    memory: Arc::clone(memory),
                });
            }
            match self.mislead {
                true => Box::new(Misled {
                    reader,
                    page: page.clone(),
                }),
                false => reader,
            }
        };
        Ok(Readers {
            glyphs: wrapped("glyphs", readers.glyphs),
            latin: readers.latin.map(|reader| wrapped("latin", reader)),
            japanese: readers
                .japanese
                .filter(|_| self.names)
                .map(|reader| wrapped("japanese", reader)),
        })
    }
}

/// Readings by the hash of reader, alphabet and line image. Everything in it is invented.
struct Memory {
    known: Mutex<HashMap<String, Vec<u8>>>,
    file: Mutex<File>,
}

impl Memory {
    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut file = OpenOptions::new();
        let file = file.read(true).append(true).create(true).open(path)?;
        let mut known = HashMap::new();
        for line in BufReader::new(&file).split(b'\n') {
            let line = line?;
            if let Some(at) = line.iter().position(|byte| *byte == b' ') {
                let key = String::from_utf8_lossy(&line[..at]).into_owned();
                known.insert(key, line[at + 1..].to_vec());
            }
        }
        Ok(Self {
            known: Mutex::new(known),
            file: Mutex::new(file),
        })
    }

    fn recall(&self, key: &str) -> Option<LineReading> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (width, characters): (u32, Vec<Kept>) = serde_json::from_slice(known.get(key)?).ok()?;
        drop(known);
        let characters = characters.into_iter().map(|kept| {
            let (character, confidence, kin, alternatives, left, right, after_blank) = kept;
            ReadCharacter {
                character,
                confidence,
                kin,
                alternatives,
                left,
                right,
                after_blank,
            }
        });
        Some(LineReading {
            characters: characters.collect(),
            width,
        })
    }

    fn keep(&self, key: &str, reading: &LineReading) {
        let kept = reading.characters.iter().map(|c| -> Kept {
            let alternatives = c.alternatives.clone();
            let (left, right) = (c.left, c.right);
            let sure = (c.confidence, c.kin);
            (
                c.character,
                sure.0,
                sure.1,
                alternatives,
                left,
                right,
                c.after_blank,
            )
        });
        let kept = (reading.width, kept.collect::<Vec<_>>());
        let Ok(line) = serde_json::to_string(&kept) else {
            return;
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A line that is not kept is read again next time.
        let _ = file.write_all(format!("{key} {line}\n").as_bytes());
    }
}

/// Character, confidence, kin, alternatives, left, right, after a blank.
type Kept = (char, f32, f32, Vec<char>, u32, u32, bool);

struct Remembering {
    name: &'static str,
    reader: Reader,
    memory: Arc<Memory>,
}

impl LineReader for Remembering {
    fn read_line(
        &mut self,
        line: &GrayImage,
        alphabet: Alphabet,
    ) -> Result<LineReading, ReaderError> {
        let head = format!("{} {alphabet:?} {}", self.name, line.width());
        let hash = Sha256::new().chain_update(head).chain_update(line.as_raw());
        let hash = hash.finalize();
        let key: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if let Some(known) = self.memory.recall(&key) {
            return Ok(known);
        }
        let reading = self.reader.read_line(line, alphabet)?;
        self.memory.keep(&key, &reading);
        Ok(reading)
    }
}

/// Takes every second look-alike of an ID for another of its group: the same for each reader and pass.
struct Misled {
    reader: Reader,
    page: Page,
}

impl LineReader for Misled {
    fn read_line(
        &mut self,
        line: &GrayImage,
        alphabet: Alphabet,
    ) -> Result<LineReading, ReaderError> {
        let mut reading = self.reader.read_line(line, alphabet)?;
        if alphabet == Alphabet::Alphanumeric {
            let page = self.page.0.load(Ordering::Relaxed);
            for (at, read) in reading.characters.iter_mut().enumerate() {
                read.character = taken_for(read.character, at, page);
            }
        }
        Ok(reading)
    }
}

fn taken_for(character: char, at: usize, page: u64) -> char {
    let group = look_alikes::group_of(character);
    let head = format!("{page} {at} {}", look_alikes::folded(character));
    let hash = Sha256::digest(head);
    match hash[0] % 2 {
        0 => character,
        _ => group[usize::from(hash[1]) % group.len()],
    }
}
