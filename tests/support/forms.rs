//! A secret in every form in which it may lie somewhere.

#![allow(dead_code, reason = "every test binary uses its own part")]

/// Every form in which a text may lie in a file, by other means than the program's own.
pub fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        text.to_owned().into_bytes(),
        text.to_lowercase().into_bytes(),
        bytes
            .iter()
            .flat_map(|b| format!("{b:02x}").into_bytes())
            .collect(),
        bytes
            .iter()
            .flat_map(|b| format!("{b:02X}").into_bytes())
            .collect(),
        bytes
            .iter()
            .flat_map(|b| format!("%{b:02X}").into_bytes())
            .collect(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        bytes
            .iter()
            .flat_map(|b| format!("&#{b};").into_bytes())
            .collect(),
        bytes
            .iter()
            .flat_map(|b| format!("&#x{b:x};").into_bytes())
            .collect(),
        bytes
            .iter()
            .flat_map(|b| format!("\\u{b:04x}").into_bytes())
            .collect(),
    ];
    for lead in ["", "a", "ab"] {
        let alone = base64(format!("{lead}{text}").as_bytes());
        // What the bytes before and after also decide is cut off.
        let from = [0, 2, 3][lead.len()];
        let whole = alone.trim_end_matches('=');
        let to = whole.len() - usize::from(whole.len() < alone.len());
        forms.push(whole.as_bytes()[from..to].to_vec());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group
            .iter()
            .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for at in 0..4 {
            match at <= group.len() {
                true => text.push(char::from(DIGITS[(number >> (18 - 6 * at)) as usize & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

pub fn holds(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}
