//! A stream's filters as its dictionary names them, and readers that undo them piece by piece (ISO 32000-1, 7.4).

use std::io::{BufRead, BufReader, ErrorKind, Read, Result};

use flate2::bufread::ZlibDecoder;
use weezl::{BitOrder, LzwStatus, decode::Decoder};

/// A filter that makes more of its input, or that may stand before one that does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Filter {
    Hexadecimal,
    Base85,
    Deflate,
    /// `late`: codes grow one entry later (`/EarlyChange 0`).
    Lzw {
        late: bool,
    },
    RunLength,
}

impl Filter {
    /// The filters of a stream's dictionary, outermost first, as far as the first that makes a picture. `None` when
    /// they are not named in the dictionary itself.
    pub(super) fn named_in(dictionary: &[u8]) -> Option<Vec<Self>> {
        let at = find(dictionary, b"/Filter")?;
        let rest = dictionary[at + b"/Filter".len()..].trim_ascii_start();
        let names = match rest {
            [b'[', list @ ..] => &list[..list.iter().position(|byte| *byte == b']')?],
            [b'/', name @ ..] => {
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/<>[]()%".contains(byte);
                &rest[..=name.iter().position(is_end).unwrap_or(name.len())]
            }
            _ => return None,
        };
        let late = find(dictionary, b"/EarlyChange").is_some_and(|at| {
            dictionary[at + b"/EarlyChange".len()..]
                .trim_ascii_start()
                .starts_with(b"0")
        });
        let names = names.split(|byte| *byte == b'/').skip(1);
        Some(
            names
                .map_while(|name| Self::of(name.trim_ascii(), late))
                .collect(),
        )
    }

    fn of(name: &[u8], late: bool) -> Option<Self> {
        match plain(name).as_slice() {
            b"ASCIIHexDecode" | b"AHx" => Some(Self::Hexadecimal),
            b"ASCII85Decode" | b"A85" => Some(Self::Base85),
            b"FlateDecode" | b"Fl" => Some(Self::Deflate),
            b"LZWDecode" | b"LZW" => Some(Self::Lzw { late }),
            b"RunLengthDecode" | b"RL" => Some(Self::RunLength),
            _ => None,
        }
    }

    /// What is in `packed`. Damage ends it, as it ends the renderer's.
    pub(super) fn undo<'a>(self, packed: Box<dyn Read + 'a>) -> Box<dyn Read + 'a> {
        let packed = BufReader::new(packed);
        match self {
            Self::Deflate => Box::new(ZlibDecoder::new(packed)),
            Self::Lzw { late } => Box::new(Lzw {
                packed,
                decoder: match late {
                    true => Decoder::new(BitOrder::Msb, 8),
                    false => Decoder::with_tiff_size_switch(BitOrder::Msb, 8),
                },
            }),
            Self::RunLength => Box::new(ByPieces::new(packed, run)),
            Self::Hexadecimal => Box::new(ByPieces::new(packed, pair)),
            Self::Base85 => Box::new(ByPieces::new(packed, five)),
        }
    }
}

/// A name without its escapes: `#46late` is `Flate` (7.3.5).
fn plain(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'#', high, low, ..] => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                plain.push(high * 16 + low);
                rest = &rest[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

struct Lzw<R> {
    packed: R,
    decoder: Decoder,
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        loop {
            let input = self.packed.fill_buf()?;
            let is_over = input.is_empty();
            let done = self.decoder.decode_bytes(input, room);
            self.packed.consume(done.consumed_in);
            match done.status {
                Ok(LzwStatus::Ok) if done.consumed_out == 0 && !is_over => {}
                Ok(_) => return Ok(done.consumed_out),
                Err(_) if done.consumed_out > 0 => return Ok(done.consumed_out),
                Err(error) => return Err(std::io::Error::new(ErrorKind::InvalidData, error)),
            }
        }
    }
}

/// A filter that undoes a few bytes at a time; `next` appends what the next ones stand for, and nothing at the end.
struct ByPieces<R> {
    packed: R,
    next: fn(&mut R, &mut Vec<u8>) -> Result<()>,
    ready: Vec<u8>,
    given: usize,
}

impl<R> ByPieces<R> {
    fn new(packed: R, next: fn(&mut R, &mut Vec<u8>) -> Result<()>) -> Self {
        Self {
            packed,
            next,
            ready: Vec::new(),
            given: 0,
        }
    }
}

impl<R: BufRead> Read for ByPieces<R> {
    fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            (self.next)(&mut self.packed, &mut self.ready)?;
        }
        let count = room.len().min(self.ready.len() - self.given);
        room[..count].copy_from_slice(&self.ready[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}

/// One run (7.4.5): up to 128 bytes as they are, or one byte up to 128 times; 128 ends.
fn run(packed: &mut impl BufRead, out: &mut Vec<u8>) -> Result<()> {
    match byte(packed)? {
        None | Some(128) => {}
        Some(length @ 0..=127) => {
            packed.take(u64::from(length) + 1).read_to_end(out)?;
        }
        Some(length) => {
            let repeated = byte(packed)?;
            out.extend(
                repeated
                    .into_iter()
                    .flat_map(|byte| vec![byte; 257 - usize::from(length)]),
            );
        }
    }
    Ok(())
}

/// Two hexadecimal digits (7.4.2); a lone last one has a zero behind it.
fn pair(packed: &mut impl BufRead, out: &mut Vec<u8>) -> Result<()> {
    let mut digits = Vec::with_capacity(2);
    while digits.len() < 2
        && let Some(byte) = visible(packed, b'>')?
    {
        digits.push(digit(byte).ok_or(ErrorKind::InvalidData)?);
    }
    out.extend(
        digits
            .first()
            .map(|high| high * 16 + digits.get(1).unwrap_or(&0)),
    );
    Ok(())
}

/// Five characters of base 85 for four bytes (7.4.3), fewer at the end; `z` for four zeros.
fn five(packed: &mut impl BufRead, out: &mut Vec<u8>) -> Result<()> {
    let mut digits = Vec::with_capacity(5);
    while digits.len() < 5
        && let Some(byte) = visible(packed, b'~')?
    {
        match byte {
            b'z' if digits.is_empty() => {
                out.extend([0; 4]);
                return Ok(());
            }
            b'!'..=b'u' => digits.push(byte - b'!'),
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    let count = digits.len().saturating_sub(1);
    digits.resize(5, 84);
    let value = digits
        .iter()
        .fold(0_u64, |value, digit| value * 85 + u64::from(*digit));
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    out.extend(&value.to_be_bytes()[..count]);
    Ok(())
}

/// The next byte that is not blank; `None` at `end` and at the input's end, and from then on.
fn visible(packed: &mut impl BufRead, end: u8) -> Result<Option<u8>> {
    loop {
        match packed.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => packed.consume(1),
            Some(byte) if *byte != end => {
                let byte = *byte;
                packed.consume(1);
                return Ok(Some(byte));
            }
            _ => return Ok(None),
        }
    }
}

fn byte(packed: &mut impl BufRead) -> Result<Option<u8>> {
    let first = packed.fill_buf()?.first().copied();
    packed.consume(usize::from(first.is_some()));
    Ok(first)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(filter: Filter, packed: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        // What is damaged gives what comes before the damage.
        let _damage = filter.undo(Box::new(packed)).read_to_end(&mut out);
        out
    }

    #[test]
    fn filters_are_read_as_the_dictionary_names_them() {
        let named = |text: &str| Filter::named_in(text.as_bytes());
        assert_eq!(
            named("<< /Length 3 /Filter /FlateDecode >>"),
            Some(vec![Filter::Deflate])
        );
        assert_eq!(
            named(
                "<</Filter[/ASCII85Decode/LZWDecode /RunLengthDecode]/DecodeParms[null<</EarlyChange 0>>null]>>"
            ),
            Some(vec![
                Filter::Base85,
                Filter::Lzw { late: true },
                Filter::RunLength
            ])
        );
        assert_eq!(
            named("<</Filter/#46lateDecode/Length 9>>"),
            Some(vec![Filter::Deflate])
        );
        assert_eq!(
            named("<</Filter [/FlateDecode /DCTDecode]>>"),
            Some(vec![Filter::Deflate])
        );
        assert_eq!(named("<</Filter /DCTDecode>>"), Some(vec![]));
        assert_eq!(named("<</Filter 12 0 R>>"), None);
        assert_eq!(named("<</Length 3>>"), None);
        assert_eq!(named("<</Filter"), None);
        assert_eq!(named("<</Filter ["), None);
    }

    #[test]
    fn text_filters_are_undone() {
        assert_eq!(
            undone(Filter::Hexadecimal, b"48 65\n6C6c 6F7>rest"),
            b"Hellop"
        );
        assert_eq!(
            undone(Filter::Base85, b"87cUR\nD]i,\"Ebo80~>rest"),
            b"Hello World!"
        );
        assert_eq!(undone(Filter::Base85, b"z87cURDZ~>"), b"\0\0\0\0Hello");
        assert_eq!(undone(Filter::Base85, b"87cUR\xff"), b"Hell");
    }

    #[test]
    fn runs_are_undone() {
        assert_eq!(
            undone(Filter::RunLength, &[2, 1, 2, 3, 254, 7, 128, 9, 9]),
            [1, 2, 3, 7, 7, 7]
        );
        assert_eq!(undone(Filter::RunLength, &[5, 1, 2]), [1, 2]);
        assert!(undone(Filter::RunLength, &[254]).is_empty());
    }

    #[test]
    fn lzw_is_undone_in_both_forms() {
        // The standard's own example.
        let packed = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        let plain = [45, 45, 45, 45, 45, 65, 45, 45, 45, 66];
        assert_eq!(undone(Filter::Lzw { late: false }, &packed), plain);
        assert_eq!(undone(Filter::Lzw { late: true }, &packed), plain);
        assert_eq!(
            undone(Filter::Lzw { late: false }, &packed[..4]),
            plain[..3]
        );
    }
}
