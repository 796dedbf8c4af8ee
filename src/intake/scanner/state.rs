//! What a scanner says of itself: whether it is ready, and what its feeder does.

use super::FeederTrouble;
use super::wire::{XmlProblem, parse, text_of};

/// The state of a scanner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Status {
    pub state: State,
    pub feeder: Feeder,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Ready,
    Busy,
    NotReady,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Feeder {
    Loaded,
    Empty,
    Stopped(FeederTrouble),
    /// It has none, or says nothing.
    Unknown,
}

impl Status {
    pub(super) fn parse(text: &str) -> Result<Self, XmlProblem> {
        let document = parse(text)?;
        let root = document.root_element();
        let state = match text_of(root, "State") {
            _ if root.tag_name().name() != "ScannerStatus" => {
                return Err(XmlProblem::Lacks("ScannerStatus"));
            }
            None => return Err(XmlProblem::Lacks("State")),
            Some("Idle") => State::Ready,
            Some("Processing" | "Testing") => State::Busy,
            Some(_) => State::NotReady,
        };
        let feeder = match text_of(root, "AdfState") {
            None => Feeder::Unknown,
            Some("ScannerAdfLoaded" | "ScannerAdfProcessing") => Feeder::Loaded,
            Some("ScannerAdfEmpty") => Feeder::Empty,
            Some("ScannerAdfJam" | "ScannerAdfMispick") => Feeder::Stopped(FeederTrouble::Jam),
            Some("ScannerAdfMultipickDetected") => Feeder::Stopped(FeederTrouble::TwoSheets),
            Some("ScannerAdfHatchOpen" | "ScannerAdfDoorOpen") => {
                Feeder::Stopped(FeederTrouble::Open)
            }
            // Trays and duplex units have more words. Whatever else it says, a sheet may be missing.
            Some(_) => Feeder::Stopped(FeederTrouble::Other),
        };
        Ok(Self { state, feeder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: &str, feeder: &str) -> Status {
        let text = format!(
            "<?xml version=\"1.0\"?><s:ScannerStatus xmlns:s=\"a\" xmlns:p=\"b\"><p:State>{state}</p:State><s:AdfState>{feeder}</s:AdfState></s:ScannerStatus>"
        );
        Status::parse(&text).unwrap()
    }

    #[test]
    fn every_word_of_the_specification_is_understood() {
        for (word, expected) in [
            ("Idle", State::Ready),
            ("Processing", State::Busy),
            ("Testing", State::Busy),
            ("Stopped", State::NotReady),
            ("Down", State::NotReady),
        ] {
            assert_eq!(status(word, "ScannerAdfEmpty").state, expected);
        }
        for (word, expected) in [
            ("ScannerAdfLoaded", Feeder::Loaded),
            ("ScannerAdfProcessing", Feeder::Loaded),
            ("ScannerAdfEmpty", Feeder::Empty),
            ("ScannerAdfJam", Feeder::Stopped(FeederTrouble::Jam)),
            ("ScannerAdfMispick", Feeder::Stopped(FeederTrouble::Jam)),
            (
                "ScannerAdfMultipickDetected",
                Feeder::Stopped(FeederTrouble::TwoSheets),
            ),
            ("ScannerAdfHatchOpen", Feeder::Stopped(FeederTrouble::Open)),
            (
                "ScannerAdfDuplexPageTooShort",
                Feeder::Stopped(FeederTrouble::Other),
            ),
            (
                "ScannerAdfOutputTrayOverloaded",
                Feeder::Stopped(FeederTrouble::Other),
            ),
        ] {
            assert_eq!(status("Idle", word).feeder, expected, "{word}");
        }
    }

    #[test]
    fn another_document_is_no_status() {
        for text in [
            "",
            "<a/>",
            "<ScannerStatus/>",
            "<html><State>Idle</State></html>",
        ] {
            assert!(Status::parse(text).is_err(), "{text}");
        }
    }
}
