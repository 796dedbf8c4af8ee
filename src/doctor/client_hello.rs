//! A TLS ClientHello written by hand, and the first words that a server answers to it.
//!
//! Only the hello, the ServerHello and alerts are known here: no key is agreed on, nothing is encrypted or trusted.
//!
//! Sources: RFC 5246 §6.2 and §7.4.1 (TLS 1.2), RFC 2246 (TLS 1.0), RFC 6101 (SSL 3.0), RFC 6066 §3 (server name),
//! RFC 8422 §5.1 (curves), RFC 5746 §3.4 (renegotiation info).

use super::suites::OFFERED;

/// A version number as it stands on the wire.
pub(super) const SSL_3_0: u16 = 0x0300;
pub(super) const TLS_1_0: u16 = 0x0301;
pub(super) const TLS_1_2: u16 = 0x0303;

/// What a server said first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// It chose.
    Hello {
        /// The version.
        version: u16,
        /// The number of the suite.
        suite: u16,
    },
    /// It refused, by the number of its alert.
    Alert(u8),
    /// It does not speak TLS.
    NotTls,
}

/// A hello that offers the old suites, up to `version`. An address is no server name.
pub(super) fn hello(version: u16, server_name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(version.to_be_bytes());
    body.extend(random);
    // No session to resume.
    body.push(0);
    let suites = OFFERED.iter().flat_map(|suite| suite.number.to_be_bytes());
    with_length(&mut body, 2, &suites.collect::<Vec<u8>>());
    // No compression.
    with_length(&mut body, 1, &[0]);
    // SSL 3.0 has no extensions, and some of its servers stop at them.
    if version > SSL_3_0 {
        let extensions = extensions(version, server_name);
        with_length(&mut body, 2, &extensions);
    }
    let mut message = vec![CLIENT_HELLO];
    with_length(&mut message, 3, &body);
    let mut record = vec![HANDSHAKE];
    // Old servers stop at a record newer than themselves; the version meant stands inside.
    record.extend(version.min(TLS_1_0).to_be_bytes());
    with_length(&mut record, 2, &message);
    record
}

/// What the bytes received so far say; `None` while they are too few.
pub(super) fn answer(received: &[u8]) -> Option<Answer> {
    let kind = *received.first()?;
    let major = received.get(1);
    if !matches!(kind, ALERT | HANDSHAKE) || major.is_some_and(|major| *major != 3) {
        return Some(Answer::NotTls);
    }
    let body = received.get(5..)?;
    if kind == ALERT {
        return Some(Answer::Alert(*body.get(1)?));
    }
    if *body.first()? != SERVER_HELLO {
        return Some(Answer::NotTls);
    }
    // Message type and length (4), version (2), random (32), length of the session id (1).
    let version = u16::from_be_bytes(body.get(4..6)?.try_into().ok()?);
    let session = usize::from(*body.get(38)?);
    let suite = body.get(39 + session..41 + session)?.try_into().ok()?;
    Some(Answer::Hello {
        version,
        suite: u16::from_be_bytes(suite),
    })
}

fn extensions(version: u16, server_name: Option<&str>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(name) = server_name {
        let mut entry = vec![HOST_NAME];
        with_length(&mut entry, 2, name.as_bytes());
        let mut list = Vec::new();
        with_length(&mut list, 2, &entry);
        extension(&mut all, 0x0000, &list);
    }
    extension(&mut all, 0x000A, &listed(2, &GROUPS));
    extension(&mut all, 0x000B, &[1, 0]);
    if version >= TLS_1_2 {
        extension(&mut all, 0x000D, &listed(2, &SIGNATURES));
    }
    extension(&mut all, 0xFF01, &[0]);
    all
}

fn extension(all: &mut Vec<u8>, number: u16, content: &[u8]) {
    all.extend(number.to_be_bytes());
    with_length(all, 2, content);
}

fn listed(length_bytes: usize, numbers: &[u16]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    let mut list = Vec::new();
    with_length(&mut list, length_bytes, &bytes);
    list
}

/// Appends a vector as TLS writes it: its length in so many bytes, then itself.
fn with_length(to: &mut Vec<u8>, length_bytes: usize, content: &[u8]) {
    let length = (content.len() as u64).to_be_bytes();
    to.extend_from_slice(&length[length.len() - length_bytes..]);
    to.extend_from_slice(content);
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HOST_NAME: u8 = 0;

/// x25519, P-256, P-384, P-521.
const GROUPS: [u16; 4] = [29, 23, 24, 25];

/// RSA (PKCS#1 and PSS) and ECDSA with SHA-2, then both with SHA-1.
const SIGNATURES: [u16; 11] = [
    0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806, 0x0403, 0x0503, 0x0603, 0x0201, 0x0203,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server_hello(session: usize) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(u8::try_from(session).unwrap());
        body.extend(vec![9; session]);
        body.extend([0xC0, 0x13, 0]);
        let mut message = vec![SERVER_HELLO];
        with_length(&mut message, 3, &body);
        let mut record = vec![HANDSHAKE, 3, 3];
        with_length(&mut record, 2, &message);
        record
    }

    #[test]
    fn a_choice_is_read_whatever_the_length_of_the_session() {
        for session in [0, 1, 32] {
            let bytes = server_hello(session);
            let expected = Answer::Hello {
                version: TLS_1_2,
                suite: 0xC013,
            };
            assert_eq!(answer(&bytes), Some(expected));
            // The suite is complete one byte before the end; every shorter beginning waits for more.
            for cut in 0..bytes.len() - 1 {
                assert_eq!(answer(&bytes[..cut]), None, "{cut}");
            }
        }
    }

    #[test]
    fn alerts_and_other_protocols_are_told_apart() {
        assert_eq!(answer(&[21, 3, 1, 0, 2, 2, 40]), Some(Answer::Alert(40)));
        assert_eq!(answer(b"HTTP/1.1 400 Bad Request"), Some(Answer::NotTls));
        assert_eq!(answer(&[22, 9]), Some(Answer::NotTls));
        assert_eq!(answer(&[]), None);
    }

    #[test]
    fn the_lengths_of_a_hello_fit_into_each_other() {
        for version in [TLS_1_2, TLS_1_0, SSL_3_0] {
            let bytes = hello(version, Some("site.invalid"), [0; 32]);
            let number = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            assert_eq!(number(3), bytes.len() - 5);
            assert_eq!(number(7), bytes.len() - 9);
            let suites = 5 + 4 + 2 + 32 + 1;
            assert_eq!(number(suites), 2 * OFFERED.len());
            let extensions = suites + 2 + 2 * OFFERED.len() + 2;
            match version {
                SSL_3_0 => assert_eq!(extensions, bytes.len()),
                _ => assert_eq!(number(extensions), bytes.len() - extensions - 2),
            }
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(&bytes);
            let mut record = vec![22, 3, 1, 0, 100, 2];
            record.extend(bytes);
            let _ = answer(&record);
        }
    }
}
