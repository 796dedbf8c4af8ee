//! The place of a revocation list, on this computer, and the ways in which it can disappoint.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What it answers.
#[derive(Clone)]
pub enum Answer {
    /// These bytes, as a list.
    List(Vec<u8>),
    /// Not found, with these bytes.
    NotFound(Vec<u8>),
    /// That the list lies elsewhere.
    Elsewhere(String),
    /// Bytes without end.
    Endless,
    /// Takes the question and says nothing.
    Nothing,
}

/// A host that answers every question alike for as long as the test runs.
pub struct ListHost {
    /// Where its list lies.
    pub address: String,
    asked: Arc<AtomicUsize>,
}

impl ListHost {
    pub fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/list.crl", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                // Whoever asked may be gone before the answer is out.
                thread::spawn(move || drop(reply(stream.unwrap(), answer)));
            }
        });
        Self { address, asked }
    }

    /// An address at which nobody listens.
    pub fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/list.crl", listener.local_addr().unwrap())
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn reply(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    let mut request = [0; 4_096];
    let _ = stream.read(&mut request)?;
    let with_length = |status: &str, body: &[u8]| {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    };
    match answer {
        Answer::List(list) => stream.write_all(&with_length("200 OK", &list)),
        Answer::NotFound(page) => stream.write_all(&with_length("404 Not Found", &page)),
        Answer::Elsewhere(address) => stream.write_all(
            format!("HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n")
                .as_bytes(),
        ),
        Answer::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[0x30; 65_536])?;
            }
        }
        Answer::Nothing => {
            // Until the other side hangs up.
            while stream.read(&mut request)? > 0 {}
            Ok(())
        }
    }
}
