//! Findings about the closed network's line, in words.

use crate::doctor::{LineName, RevocationHost};
use crate::domain::Text;

use super::{Sentences, fine, joined, with_next};

pub(super) fn line_name(found: &LineName) -> Sentences {
    match found {
        LineName::Answered { host, addresses } => {
            let text = format!("{host} → {}", joined(addresses, ToString::to_string));
            fine(text.clone(), text)
        }
        LineName::Silent { hosts, matters } => {
            let text = Text::new(
                format!("{} の名前を調べられません", hosts.join(" / ")),
                format!("{} is not resolved", hosts.join(" / ")),
            );
            match matters {
                true => with_next(
                    text,
                    "オンライン資格確認（請求）の回線につながっているか、DNS の設定（NTT東西の IPv6 DNS）、回線認証（https://www.lineauth.mnw）を確かめてください。",
                    "See that this computer is on the closed network, its DNS is the line's (NTT East or West, IPv6), and the line is authenticated (https://www.lineauth.mnw).",
                ),
                false => with_next(
                    text,
                    "取得サイトには届いているので、取得には差し支えません（回線の種類によってはない名前です）。",
                    "The site is reached, so retrieving works (some kinds of line do not know this name).",
                ),
            }
        }
        LineName::NotAsked => fine(
            "練習用サイトなので調べません",
            "not asked for the practice site",
        ),
    }
}

pub(super) fn revocation_host(found: &RevocationHost) -> Sentences {
    match found {
        RevocationHost::Reached { host } => fine(host, host),
        RevocationHost::Silent {
            host,
            is_known,
            matters,
        } => {
            let text = match is_known {
                true => Text::new(
                    format!("{host} に接続できません"),
                    format!("{host} does not answer"),
                ),
                false => Text::new(
                    format!("{host} の名前を調べられません"),
                    format!("{host} is not resolved"),
                ),
            };
            match matters {
                true => with_next(
                    text,
                    "回線と DNS を確かめてください。",
                    "Check the line and its DNS.",
                ),
                false => with_next(
                    text,
                    "取得には使いませんが、ブラウザーが証明書の失効を確かめられず遅くなることがあります。",
                    "Retrieving does not need it, but browsers may be slow without revocation lists.",
                ),
            }
        }
        RevocationHost::NotAsked => fine(
            "練習用サイトなので調べません",
            "not asked for the practice site",
        ),
    }
}
