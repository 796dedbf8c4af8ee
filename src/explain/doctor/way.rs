//! Findings on the way to the site, in words.

use std::net::IpAddr;

use crate::doctor::{
    Attempt, Clock, Connection, OldPart, OldTls, PageFinding, ProxySettings, Route, SiteName, Tls,
};
use crate::domain::{Text, japan_date};
use crate::explain::retrieval;
use crate::retrieval::page::masked_address;
use crate::retrieval::{Presented, TlsProblem};

use super::{Sentences, fine, joined, with_next};

pub(super) fn proxy(found: &ProxySettings) -> Sentences {
    let host = &found.host;
    if let Some(blocking) = found.system.iter().find(|proxy| !proxy.bypasses_the_site) {
        return with_next(
            Text::new(
                format!(
                    "{}の設定 {} の除外に {host} がありません",
                    blocking.place, blocking.servers
                ),
                format!(
                    "{} sends {host} through {}",
                    blocking.place, blocking.servers
                ),
            ),
            "noticert は直接つなぎますが、ブラウザーは届きません。プロキシの除外に *.obn.managedpki.ne.jp を加えてください。",
            "noticert goes direct, but browsers do not get there: add *.obn.managedpki.ne.jp to the proxy's exceptions.",
        );
    }
    if let Some((proxy, port)) = &found.used {
        return with_next(
            Text::new(
                format!("{proxy}:{port} を通します（--proxy）"),
                format!("through {proxy}:{port} (--proxy)"),
            ),
            "取得サイトは通常、プロキシを通しません。",
            "The site is normally reached without a proxy.",
        );
    }
    if !found.environment.is_empty() {
        let variables = found.environment.join(", ");
        return with_next(
            Text::new(
                format!(
                    "使いません（環境変数 {variables} がありますが、取得サイトは直接つなぎます）"
                ),
                format!(
                    "none is used (the environment names one in {variables}; the site goes direct)"
                ),
            ),
            "プロキシを通すときだけ --proxy URL を付けてください。",
            "Give --proxy URL only where one is wanted.",
        );
    }
    match found.system.as_slice() {
        [] => fine("使いません（直接つなぎます）", "none (direct)"),
        system => {
            let places = joined(system, |proxy| proxy.place.to_owned());
            fine(
                format!("使いません（{places}の設定も {host} を除外しています）"),
                format!("none ({places} lets {host} go direct too)"),
            )
        }
    }
}

pub(super) fn site_name(found: &SiteName) -> Sentences {
    match found {
        SiteName::Resolved {
            host,
            addresses,
            is_pinned,
        } => {
            let of = |is_kind: fn(&IpAddr) -> bool| addresses.iter().filter(|a| is_kind(a)).count();
            let (v4, v6) = (of(IpAddr::is_ipv4), of(IpAddr::is_ipv6));
            let list = joined(addresses, ToString::to_string);
            let (how, how_en) = match is_pinned {
                true => ("、--resolve による", ", by --resolve"),
                false => ("", ""),
            };
            fine(
                format!("{host} → {list}（IPv6 {v6}件、IPv4 {v4}件{how}）"),
                format!("{host} → {list} (IPv6: {v6}, IPv4: {v4}{how_en})"),
            )
        }
        SiteName::IsAnAddress { address } => fine(
            format!("{address}（アドレスそのもの）"),
            format!("{address} (an address itself)"),
        ),
        SiteName::Failed { host, problem } => {
            let (what, next) = retrieval::network(*problem);
            (
                Text::new(
                    format!("{host}: {}", what.ja),
                    format!("{host}: {}", what.en),
                ),
                Some(next),
            )
        }
    }
}

pub(super) fn route(found: &Route) -> Sentences {
    match found {
        Route::NotAsked => fine(
            "行き先のアドレスがありません",
            "there is no address to go to",
        ),
        Route::Tied { interface } => fine(
            format!("「{interface}」から出します（--bind）"),
            format!("tied to “{interface}” (--bind)"),
        ),
        Route::Chosen(ways) => {
            let ja = joined(ways, |way| match way.from {
                Some(from) => format!("{from} → {}", way.to),
                None => format!("{} への経路なし", way.to),
            });
            let en = joined(ways, |way| match way.from {
                Some(from) => format!("{from} → {}", way.to),
                None => format!("no route to {}", way.to),
            });
            let text = Text::new(ja, en);
            match ways.iter().any(|way| way.from.is_some()) {
                true => (text, None),
                false => with_next(
                    text,
                    "ネットワークケーブル、「オン資用」の口の設定（IPv6）、既定のゲートウェイを確かめてください。",
                    "Check the cable, the settings of the interface for the closed network (IPv6), and the default gateway.",
                ),
            }
        }
    }
}

pub(super) fn connection(found: &Connection) -> Sentences {
    let attempts = &found.attempts;
    if attempts.is_empty() {
        return fine("試していません", "not tried");
    }
    let ja = joined(attempts, |Attempt { to, outcome }| match outcome {
        Ok(time) => format!("{to} {}ミリ秒", time.as_millis()),
        Err(problem) => format!(
            "{to} {}",
            retrieval::network(*problem).0.ja.trim_end_matches('。')
        ),
    });
    let en = joined(attempts, |Attempt { to, outcome }| match outcome {
        Ok(time) => format!("{to} {} ms", time.as_millis()),
        Err(problem) => format!("{to} {problem}"),
    });
    let text = Text::new(ja, en);
    let failed = || {
        attempts
            .iter()
            .find_map(|a| a.outcome.as_ref().err().map(|p| (a.to, *p)))
    };
    match failed() {
        None => (text, None),
        Some((_, problem)) if attempts.iter().all(|attempt| attempt.outcome.is_err()) => {
            (text, Some(retrieval::network(problem).1))
        }
        Some((to, _)) => match to.is_ipv6() {
            true => with_next(
                text,
                "つながらない IPv6 を避けるには -4",
                "To leave the IPv6 that fails aside: -4",
            ),
            false => with_next(
                text,
                "つながらない IPv4 を避けるには -6",
                "To leave the IPv4 that fails aside: -6",
            ),
        },
    }
}

pub(super) fn tls(found: &Tls) -> Sentences {
    match found {
        Tls::Trusted { session, presented } => {
            let (version, suite) = (&session.version, &session.suite);
            let version = version.replace("TLSv1_", "TLS 1.");
            let agreed = format!("{version}, {suite}");
            match presented.as_ref().map(issuer) {
                Some((by, by_en)) => {
                    fine(format!("{agreed}（{by}）"), format!("{agreed} ({by_en})"))
                }
                None => fine(agreed.clone(), agreed),
            }
        }
        Tls::Refused {
            why,
            presented,
            old,
        } => {
            let (what, next) = retrieval::tls(why.problem);
            if let Some(old) = old {
                return old_server(old);
            }
            let next = match why.problem {
                TlsProblem::NoCommonVersion | TlsProblem::NoCommonSuite | TlsProblem::Handshake => {
                    Text::new(
                        "古い方式を申し出ても応答がありませんでした。電子証明書はブラウザー（Edge）で手作業で取得してください。",
                        "The old ways were offered too, in vain. Retrieve the certificate by hand in the browser (Edge).",
                    )
                }
                _ => next,
            };
            let what = match presented.as_ref().map(issuer) {
                Some((by, by_en)) => Text::new(
                    format!("{}（{by}）", what.ja),
                    format!("{} ({by_en})", what.en),
                ),
                None => what,
            };
            (what, Some(next))
        }
        Tls::Broken(problem) => {
            let (what, next) = retrieval::network(*problem);
            (what, Some(next))
        }
        Tls::Failed(error) => {
            let told = retrieval::explain(error);
            (told.what, Some(told.next))
        }
        Tls::ThroughProxy => fine(
            "プロキシ越しなので、下の「取得画面」で確かめます",
            "through the proxy: see the page below",
        ),
        Tls::NotTried => fine("試していません", "not tried"),
    }
}

fn issuer(presented: &Presented) -> (String, String) {
    let facts = &presented.facts;
    let issuer = facts.issuer_common_name.as_deref().unwrap_or("?");
    let until = japan_date(facts.not_after);
    (
        format!("サーバー証明書の発行者「{issuer}」、{until}まで"),
        format!("the server's certificate is by “{issuer}”, until {until}"),
    )
}

fn old_server(old: &OldTls) -> Sentences {
    let parts = old.suite.old_parts();
    let mut ja: Vec<&str> = Vec::new();
    let mut en: Vec<&str> = Vec::new();
    if old.has_old_version() {
        ja.push("古い版");
        en.push("old version");
    }
    for part in parts {
        let (in_ja, in_en) = match part {
            OldPart::RsaKeyExchange => ("RSA鍵交換", "RSA key exchange"),
            OldPart::FiniteFieldDiffieHellman => ("DHE鍵交換", "finite-field Diffie-Hellman"),
            OldPart::Cbc => ("CBC", "CBC"),
            OldPart::Rc4 => ("RC4", "RC4"),
            OldPart::TripleDes => ("3DES", "3DES"),
        };
        ja.push(in_ja);
        en.push(in_en);
    }
    let (version, suite) = (old.version(), old.suite.name);
    with_next(
        Text::new(
            format!(
                "サイトは古い方式で応答します: {version}、{suite}（{}）",
                ja.join("、")
            ),
            format!(
                "the site answers in an old way: {version}, {suite} ({})",
                en.join(", ")
            ),
        ),
        "noticert はこの方式を話しません。電子証明書はブラウザー（Edge）で手作業で取得し、この行を添えて知らせてください。",
        "noticert does not speak it. Retrieve the certificate by hand in the browser (Edge), and report this line.",
    )
}

pub(super) fn page(found: &PageFinding) -> Sentences {
    match found {
        PageFinding::Understood(reach) => {
            let fields = reach.form.fields().len();
            let button = reach.form.button();
            let url = masked_address(&reach.url);
            fine(
                format!("{url} の入力欄{fields}つとボタン「{button}」が分かりました"),
                format!("{url}: {fields} fields and the button “{button}” are understood"),
            )
        }
        PageFinding::Failed(error) => {
            let told = retrieval::explain(error);
            (told.what, Some(told.next))
        }
        PageFinding::NotAsked => fine(
            "安全な接続がないので開いていません",
            "not asked for without a trusted connection",
        ),
    }
}

pub(super) fn clock(found: &Clock) -> Sentences {
    match found {
        Clock::Right { ahead } => {
            let seconds = ahead.as_secs();
            fine(
                format!("サイトの時刻との差 {seconds:+}秒"),
                format!("{seconds:+} s from the site's"),
            )
        }
        Clock::Wrong { ahead, site, here } => {
            let (ja, en) = match ahead.is_positive() {
                true => ("進んで", "ahead of"),
                false => ("遅れて", "behind"),
            };
            let by = apart(ahead.abs().as_secs());
            with_next(
                Text::new(
                    format!(
                        "サイトより{}{ja}います（ここ {here}、サイト {site}）",
                        by.ja
                    ),
                    format!("{} {en} the site's (here {here}, there {site})", by.en),
                ),
                "日付と時刻を合わせてください。何度もずれるときは内蔵電池の寿命です。",
                "Set the date and time. A clock that drifts again needs a new battery.",
            )
        }
        Clock::Unknown => fine(
            "サイトの時刻が分かりません",
            "the site did not say its time",
        ),
    }
}

fn apart(seconds: i64) -> Text {
    let (ja, en, count) = match seconds {
        0..3_600 => ("分", "min", seconds / 60),
        3_600..86_400 => ("時間", "h", seconds / 3_600),
        _ => ("日", "days", seconds / 86_400),
    };
    Text::new(format!("{count}{ja}"), format!("{count} {en}"))
}
