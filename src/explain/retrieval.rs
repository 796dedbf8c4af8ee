//! The exchange with the site, in words. Above all: whether anything was submitted.

use crate::domain::Text;
use crate::ledger::RefusedReason;
use crate::retrieval::{
    AddressProblem, CaProblem, Effect, FileProblem, NetworkProblem, RefusalReason, RetrievalError,
    RetryAfter, TlsProblem, UnclearProblem, WayProblem,
};

use crate::workflow::BatchStop;

use super::{ExitKind, Explanation, page};

pub fn explain(error: &RetrievalError) -> Explanation {
    let (what, next) = match error {
        RetrievalError::BadAddress { problem } => address(*problem),
        RetrievalError::BadCaFile { problem } => ca_file(*problem),
        RetrievalError::BadProxy => (
            Text::new(
                "プロキシのアドレスが正しくありません。",
                "The proxy's address is not usable.",
            ),
            Text::new(
                "--proxy http://HOST:PORT か --proxy none にしてください。取得サイトは通常プロキシを通りません。",
                "Use --proxy http://HOST:PORT or --proxy none. The retrieval site is normally reached directly.",
            ),
        ),
        RetrievalError::BadWay { problem } => way(problem),
        RetrievalError::Client { source } => (
            Text::new(
                format!("通信の準備ができません（{source}）。"),
                format!("The network client cannot be set up ({source})."),
            ),
            Text::new(
                "-v を付けてもう一度実行し、表示された内容を知らせてください。",
                "Run it again with -v and report what it prints.",
            ),
        ),
        RetrievalError::Unreachable { problem, .. } => network(*problem),
        RetrievalError::TlsRefused { problem, .. } => tls(*problem),
        RetrievalError::Closed {
            sentence,
            retry_after,
            ..
        } => {
            let until = until(retry_after.as_deref());
            (
                Text::new(
                    format!(
                        "取得サイトは休止中（メンテナンスまたは時間外）です。{}{}",
                        quoted(sentence),
                        until.ja
                    ),
                    format!(
                        "The site is closed (maintenance or out of hours). {}{}",
                        quoted(sentence),
                        until.en
                    ),
                ),
                Text::new(
                    "時間をおいて、同じ命令をもう一度実行してください。",
                    "Try the same command again later.",
                ),
            )
        }
        RetrievalError::SessionTimeout { sentence, .. } => (
            Text::new(
                format!(
                    "取得サイトの画面の有効時間が切れました。{}",
                    quoted(sentence)
                ),
                format!(
                    "The site says that its session is over. {}",
                    quoted(sentence)
                ),
            ),
            Text::new(
                "同じ命令をもう一度実行してください。",
                "Run the same command again.",
            ),
        ),
        RetrievalError::NotUnderstood {
            reason,
            status,
            sentence,
            fields,
            page: _,
        } => {
            let Text { ja, en } = page::reason(reason, true);
            let (quote, fields) = (quoted(sentence), page::fields(fields));
            (
                Text::new(
                    format!(
                        "取得サイトの画面を理解できません（{ja}。HTTP {status}）。{}{quote}",
                        fields.ja
                    ),
                    format!(
                        "The page of the site is not understood ({en}; HTTP {status}). {} {quote}",
                        fields.en
                    ),
                ),
                Text::new(
                    "アドレス（--site）を確かめてください。画面が変わったときは noticert retrieve --by-hand TERMINAL（二つのIDを大きく表示し、ブラウザーで受け取ったファイルを引き取ります）",
                    "Check the address (--site). If the page has changed: noticert retrieve --by-hand TERMINAL (it shows both IDs large and takes the file that the browser saves).",
                ),
            )
        }
        RetrievalError::AsksMore { reason, sentence } => {
            let Text { ja, en } = page::reason(reason, false);
            let quote = quoted(sentence);
            (
                Text::new(
                    format!(
                        "送信のあと、取得サイトの画面がほかのことを尋ねています（{ja}）。{quote}"
                    ),
                    format!(
                        "After the submission the site asks for something more ({en}). {quote}"
                    ),
                ),
                Text::new(
                    "ブラウザーで同じ手順を行い、画面が何を尋ねるかを確かめてください。申請状況照会で ダウンロード有無 も確かめ、送り直すなら noticert retrieve --again",
                    "Go through the page in a browser and see what it asks; read ダウンロード有無 in the application status. To send again: noticert retrieve --again",
                ),
            )
        }
        RetrievalError::IntentNotWritten { source } => (
            Text::new(
                format!(
                    "送信の記録を書けないため、送信しませんでした（{}）。",
                    source.source
                ),
                format!(
                    "The intent to submit could not be written ({}).",
                    source.source
                ),
            ),
            Text::new(
                "空き容量と書き込みの権限を確かめて、もう一度実行してください。",
                "Check free space and permissions, then try again.",
            ),
        ),
        RetrievalError::Refused {
            reason, sentence, ..
        } => refused(*reason, sentence),
        RetrievalError::Unclear {
            problem, received, ..
        } => unclear(*problem, *received),
        RetrievalError::InvalidFile { problem, received } => {
            let (ja, en) = match problem {
                FileProblem::Broken => ("壊れた電子証明書ファイル", "a broken .p12"),
                FileProblem::OtherDer => (
                    "別の種類の証明書ファイル",
                    "another kind of certificate file",
                ),
                FileProblem::UnknownKind => ("種類の分からないデータ", "data of an unknown kind"),
            };
            (
                Text::new(
                    format!("取得サイトから届いたのは{ja}でした（{received}バイト）。"),
                    format!("The site sent {en} ({received} bytes)."),
                ),
                look_up_first(),
            )
        }
        RetrievalError::AnswerNotWritten { source, .. } => (
            Text::new(
                format!(
                    "取得サイトの応答をディスクに書けませんでした（{}）。",
                    source.source
                ),
                format!("The answer could not be written ({}).", source.source),
            ),
            look_up_first(),
        ),
    };
    Explanation::new(what, not_done(error), next)
}

/// Whether anything was submitted: the first thing that a person wants to know.
fn not_done(error: &RetrievalError) -> Text {
    match error {
        RetrievalError::AsksMore { .. } => {
            return Text::new(
                "IDとパスワードは1回送信しました。尋ねられたことには答えていません。電子証明書は受け取っていません。再送はしていません。",
                "The IDs and the password were sent once. Nothing was answered to the question. No certificate was received. Nothing was sent again.",
            );
        }
        RetrievalError::Closed {
            submitted: true, ..
        }
        | RetrievalError::SessionTimeout {
            submitted: true, ..
        } => {
            return Text::new(
                "IDとパスワードは1回送信しましたが、取得サイトの画面は、処理の前に断ったことだけを伝えています。電子証明書は受け取っていません。再送はしていません。",
                "The IDs and the password were sent once; the site's page says no more than that it turned them away before any processing. No certificate was received. Nothing was sent again.",
            );
        }
        _ => {}
    }
    match error.effect() {
        Effect::StaysConfirmed => Text::new(
            "IDもパスワードも送信していません。端末の記録の状態は前のままです。",
            "Neither the IDs nor the password were sent. The record stands as it did.",
        ),
        Effect::Refused => Text::new(
            "電子証明書は受け取っていません。同じ組み合わせは再送しません。",
            "No certificate was received. The same pair is not sent again.",
        ),
        Effect::Unclear => Text::new(
            "電子証明書として使えるものは受け取れていません。再送はしていません。届いた分は残してあります。",
            "No usable certificate was received. Nothing was sent again. What arrived is kept.",
        ),
    }
}

pub fn exit_kind(error: &RetrievalError) -> ExitKind {
    match error {
        RetrievalError::BadAddress { .. }
        | RetrievalError::BadCaFile { .. }
        | RetrievalError::BadProxy
        | RetrievalError::BadWay { .. } => ExitKind::Usage,
        RetrievalError::Client { .. } => ExitKind::Internal,
        RetrievalError::Unreachable { .. }
        | RetrievalError::TlsRefused { .. }
        | RetrievalError::Closed { .. }
        | RetrievalError::SessionTimeout { .. } => ExitKind::Network,
        RetrievalError::NotUnderstood { .. }
        | RetrievalError::AsksMore { .. }
        | RetrievalError::Unclear { .. } => ExitKind::PersonMustLook,
        RetrievalError::Refused { reason, .. } => match reason {
            RefusalReason::Unknown => ExitKind::PersonMustLook,
            RefusalReason::BadIds
            | RefusalReason::AlreadyIssued
            | RefusalReason::Expired
            | RefusalReason::Locked
            | RefusalReason::PasswordFormat => ExitKind::SiteRefused,
        },
        RetrievalError::InvalidFile { .. } => ExitKind::InvalidCredential,
        RetrievalError::IntentNotWritten { .. } | RetrievalError::AnswerNotWritten { .. } => {
            ExitKind::StoreOrDisk
        }
    }
}

fn address(problem: AddressProblem) -> (Text, Text) {
    let what = match problem {
        AddressProblem::NotAnAddress => Text::new(
            "取得サイトのアドレスが正しくありません。",
            "The address of the site is not an address.",
        ),
        AddressProblem::NotHttps => Text::new(
            "取得サイトのアドレスが https: ではありません。秘密は https: でだけ送ります。",
            "The address of the site is not https:. Secrets go over https: only.",
        ),
        AddressProblem::HasCredentials => Text::new(
            "取得サイトのアドレスに利用者名やパスワードが含まれています。",
            "The address of the site carries a user name or password.",
        ),
    };
    (
        what,
        Text::new(
            "--site https://cert.obn.managedpki.ne.jp/p/rcd のように指定するか、省いてください。",
            "Write it like --site https://cert.obn.managedpki.ne.jp/p/rcd, or leave it out.",
        ),
    )
}

fn ca_file(problem: CaProblem) -> (Text, Text) {
    let what = match problem {
        CaProblem::NoCertificate => Text::new(
            "--ca-file のファイルに証明書がありません。",
            "The file of --ca-file holds no certificate.",
        ),
        CaProblem::Unreadable => Text::new(
            "--ca-file の証明書を読めません。",
            "A certificate in the file of --ca-file cannot be read.",
        ),
        CaProblem::Missing => Text::new(
            "--ca-only には --ca-file が必要です。",
            "--ca-only needs --ca-file.",
        ),
    };
    (
        what,
        Text::new(
            "PEM形式の認証局証明書を指定してください。",
            "Give the authority's certificate as PEM.",
        ),
    )
}

fn way(problem: &WayProblem) -> (Text, Text) {
    match problem {
        WayProblem::ResolvesAnotherHost => (
            Text::new(
                "--resolve の HOST:PORT が、接続先（取得サイト、または --proxy のプロキシ）と違います。",
                "HOST:PORT of --resolve is not what is connected to (the site, or the proxy of --proxy).",
            ),
            Text::new(
                "--resolve cert.obn.managedpki.ne.jp:443:アドレス のように、接続先の名前とポートを書いてください。",
                "Name the host and port that are connected to: --resolve cert.obn.managedpki.ne.jp:443:ADDRESS",
            ),
        ),
        WayProblem::NothingToResolve => (
            Text::new(
                "接続先がすでにアドレスなので、--resolve は使えません。",
                "What is connected to is an address already, so --resolve has no effect.",
            ),
            Text::new("--resolve を外してください。", "Leave --resolve out."),
        ),
        WayProblem::FamilyContradicts => (
            Text::new(
                "IPv4 と IPv6 の指定（-4、-6、--bind、--resolve、接続先のアドレス）が食い違っています。",
                "The choice of IPv4 or IPv6 (-4, -6, --bind, --resolve, the site's own address) contradicts itself.",
            ),
            Text::new(
                "どちらか一方にそろえてください。",
                "Use one of the two throughout.",
            ),
        ),
        WayProblem::NoSuchInterface { name } => (
            Text::new(
                format!("ネットワークの口「{name}」から接続できません。"),
                format!("Connections cannot be tied to the interface “{name}”."),
            ),
            Text::new(
                "口の名前を確かめるか、その口のアドレスを --bind に書いてください（Windows は ipconfig、Linux は ip addr で分かります）。",
                "Check the interface's name, or give its address to --bind (ipconfig on Windows, ip addr on Linux).",
            ),
        ),
    }
}

pub(super) fn network(problem: NetworkProblem) -> (Text, Text) {
    let line = "この端末がオンライン資格確認（請求）の回線につながっているか、回線認証（https://www.lineauth.mnw）が済んでいるか確かめてください。";
    let line_en = "See that this terminal is on the closed network and its line is authenticated (https://www.lineauth.mnw).";
    let (ja, en, next_ja, next_en): (String, String, String, String) = match problem {
        NetworkProblem::Dns => (
            "取得サイトの名前を調べられません（DNS）。".into(),
            "The site's name was not resolved (DNS).".into(),
            format!("ネットワークの DNS 設定を確かめてください。{line}"),
            format!("Check the DNS settings of the network. {line_en}"),
        ),
        NetworkProblem::OtherFamilyOnly => (
            "接続先の名前に、指定した種類（-4、-6、--bind）のアドレスがありません。".into(),
            "The name has no address of the chosen family (-4, -6, --bind).".into(),
            "指定を外すか、もう一方の種類にしてください。".into(),
            "Leave the option out or choose the other family.".into(),
        ),
        NetworkProblem::NotBound => (
            "指定した口（--bind）から接続を出せません。".into(),
            "Connections cannot leave from the chosen address or interface (--bind).".into(),
            "このパソコンのアドレスか口の名前を確かめてください（Windows は ipconfig、Linux は ip addr）。".into(),
            "Check this computer's addresses and interfaces (ipconfig on Windows, ip addr on Linux).".into(),
        ),
        NetworkProblem::ConnectTimeout => (
            "取得サイトから時間内に返事がありません。".into(),
            "Nobody answered in time.".into(),
            line.into(),
            line_en.into(),
        ),
        NetworkProblem::ConnectRefused => (
            "取得サイトへの接続が断られました。".into(),
            "The connection was refused.".into(),
            line.into(),
            line_en.into(),
        ),
        NetworkProblem::ConnectFailed => (
            "取得サイトへの道がありません。".into(),
            "There is no way to the site.".into(),
            line.into(),
            line_en.into(),
        ),
        NetworkProblem::ProxyUnreachable => (
            "指定したプロキシに接続できません。直接の接続に切り替えてはいません。".into(),
            "The proxy was not reached. No direct connection was tried instead.".into(),
            "プロキシのアドレスを確かめてください。取得サイトは通常プロキシを通りません: --proxy none".into(),
            "Check the proxy's address. The site is normally reached without one: --proxy none".into(),
        ),
        NetworkProblem::Proxy => (
            "プロキシが接続を断りました。".into(),
            "The proxy refused the connection.".into(),
            "取得サイトはプロキシを通しません。--proxy none で実行してください。".into(),
            "The site is reached without the proxy: use --proxy none.".into(),
        ),
        NetworkProblem::Silence => (
            "接続しましたが、時間内に応答がありません。".into(),
            "Connected, but no answer within the time limit.".into(),
            "時間をおいて、もう一度実行してください。".into(),
            "Try again later.".into(),
        ),
        NetworkProblem::Broken => (
            "接続が途中で切れました。".into(),
            "The connection broke.".into(),
            "もう一度実行してください。".into(),
            "Try again.".into(),
        ),
        NetworkProblem::RedirectLoop => (
            "取得サイトの転送が終わりません。".into(),
            "The site redirects without end.".into(),
            "アドレス（--site）を確かめ、時間をおいてもう一度実行してください。".into(),
            "Check the address (--site) and try again later.".into(),
        ),
        NetworkProblem::ServerError(status) => (
            format!("取得サイトか途中の機器が失敗しました（HTTP {status}）。"),
            format!("The site or a gateway failed (HTTP {status})."),
            "時間をおいて、もう一度実行してください。".into(),
            "Try again later.".into(),
        ),
    };
    (Text::new(ja, en), Text::new(next_ja, next_en))
}

pub(super) fn tls(problem: TlsProblem) -> (Text, Text) {
    let clock = Text::new(
        "このパソコンの日付と時刻を合わせてください。合っているときは、ネットワークのサポートデスク（0120-220-571）へ。",
        "Set this computer's date and time. If they are right, call the network's support desk (0120-220-571).",
    );
    match problem {
        TlsProblem::UnknownIssuer => (
            Text::new(
                "取得サイトの証明書が、知らない認証局のものです。",
                "The site's certificate comes from an unknown authority.",
            ),
            Text::new(
                "セキュリティー製品が通信を差し替えていないか確かめてください。認証局の証明書があれば --ca-file PEM",
                "See whether a security product replaces certificates. If you have the authority's certificate: --ca-file PEM",
            ),
        ),
        TlsProblem::WrongName => (
            Text::new(
                "取得サイトの証明書の名前が違います。",
                "The site's certificate is for another name.",
            ),
            Text::new(
                "アドレス（--site）と DNS を確かめてください。",
                "Check the address (--site) and DNS.",
            ),
        ),
        TlsProblem::Expired => (
            Text::new(
                "取得サイトの証明書が、このパソコンの時計では期限切れです。",
                "The site's certificate has expired by this computer's clock.",
            ),
            clock,
        ),
        TlsProblem::NotYetValid => (
            Text::new(
                "取得サイトの証明書が、このパソコンの時計ではまだ有効になっていません。",
                "The site's certificate is not yet valid by this computer's clock.",
            ),
            clock,
        ),
        TlsProblem::BadCertificate => (
            Text::new(
                "取得サイトの証明書が正しくありません。",
                "The site's certificate is not acceptable.",
            ),
            Text::new(
                "-v を付けて原因を表示し、サポートデスク（0120-220-571）へ。",
                "Show the cause with -v and call the support desk (0120-220-571).",
            ),
        ),
        TlsProblem::ClockBehind => (
            Text::new(
                "このパソコンの時計が大きく遅れています。そのため取得サイトの証明書を確かめられません。",
                "This computer's clock is far behind, so the site's certificate cannot be judged.",
            ),
            Text::new(
                "日付と時刻を合わせてから、もう一度実行してください。何度も遅れるときは内蔵電池の寿命です。",
                "Set the date and time, then try again. A clock that falls behind again needs a new battery.",
            ),
        ),
        TlsProblem::NoCommonVersion => (
            Text::new(
                "取得サイトの TLS の版が古く（1.1 以前）、安全に接続できません。",
                "The site speaks no version of TLS that is still safe (1.2 or 1.3).",
            ),
            doctor_names_it(),
        ),
        TlsProblem::NoCommonSuite => (
            Text::new(
                "取得サイトの暗号方式（CBC、RSA鍵交換など）が古く、安全に接続できません。",
                "The site offers no cipher suite that is still safe (only CBC, RSA key exchange or older).",
            ),
            doctor_names_it(),
        ),
        TlsProblem::NotTls => (
            Text::new(
                "接続先が TLS で応答しません。",
                "What answers does not speak TLS.",
            ),
            Text::new(
                "アドレス（--site）とプロキシの設定を確かめてください。",
                "Check the address (--site) and the proxy.",
            ),
        ),
        TlsProblem::Handshake => (
            Text::new(
                "安全な接続を始められませんでした。",
                "The TLS handshake failed.",
            ),
            Text::new(
                "もう一度実行し、続くときは noticert doctor で相手の方式を調べてください（-v で原因を表示します）。",
                "Try again; if it stays so, noticert doctor finds out what the site speaks (-v shows the cause).",
            ),
        ),
    }
}

fn doctor_names_it() -> Text {
    Text::new(
        "noticert doctor で相手の方式を調べられます。電子証明書はブラウザーで取得してください: noticert retrieve --by-hand TERMINAL",
        "noticert doctor finds out what the site speaks. Retrieve the certificate in the browser: noticert retrieve --by-hand TERMINAL",
    )
}

fn refused(reason: RefusalReason, sentence: &Option<String>) -> (Text, Text) {
    let (ja, en, next) = match reason {
        RefusalReason::BadIds => (
            "取得サイトは、このリクエストIDとリファレンスIDの組み合わせを受け付けませんでした。",
            "The site does not accept this pair of request ID and reference ID.",
            Text::new(
                "用紙を見て noticert review で二つのIDを入力し直してください（何度も違う値を送るとロックされることがあります）。",
                "Key both IDs again from the paper: noticert review (repeated wrong pairs may lock the place out).",
            ),
        ),
        RefusalReason::AlreadyIssued => (
            "取得サイトは、この電子証明書は取得済みだと答えました。",
            "The site says that this certificate was handed out before.",
            Text::new(
                "この端末や USB に .p12 が残っていないか探してください。見つからないときは総合ポータル（0800-080-4583）へ。",
                "Look for the .p12 on this terminal and on USB sticks; else ask the portal (0800-080-4583).",
            ),
        ),
        RefusalReason::Expired => (
            "取得サイトは、取得期限が過ぎていると答えました。",
            "The site says that the deadline has passed.",
            Text::new(
                "新しく発行を申請してください（総合ポータル 0800-080-4583）。",
                "Apply for a new certificate (portal: 0800-080-4583).",
            ),
        ),
        RefusalReason::Locked => (
            "取得サイトは、入力の誤りが続いたためロックしたと答えました。",
            "The site says that it locked after too many wrong attempts.",
            Text::new(
                "30分以上おいて、用紙の二つのIDを確かめてから noticert retrieve --again TERMINAL",
                "Wait at least 30 minutes and check both IDs on the paper, then: noticert retrieve --again TERMINAL",
            ),
        ),
        RefusalReason::PasswordFormat => (
            "取得サイトは、証明書パスワードの形を受け付けませんでした。",
            "The site does not accept the form of the certificate password.",
            Text::new(
                "別の数字4桁で noticert retrieve --again TERMINAL",
                "Use other 4 digits: noticert retrieve --again TERMINAL",
            ),
        ),
        RefusalReason::Unknown => (
            "取得サイトは電子証明書の代わりに、知らない画面を返しました。",
            "The site answered with a page that is not recognised.",
            Text::new(
                format!(
                    "{}。ブラウザーで続けるなら noticert retrieve --by-hand TERMINAL",
                    look_up_first().ja
                ),
                format!(
                    "{}. To go on in the browser: noticert retrieve --by-hand TERMINAL",
                    look_up_first().en
                ),
            ),
        ),
    };
    let quote = quoted(sentence);
    (
        Text::new(format!("{ja}{quote}"), format!("{en} {quote}")),
        next,
    )
}

/// A record that the site refused in an earlier run, when nobody asked to send it again.
pub(super) fn was_refused(reason: RefusedReason) -> (Text, Text, Text) {
    let (what, next) = refused(
        match reason {
            RefusedReason::BadIds => RefusalReason::BadIds,
            RefusedReason::AlreadyIssued => RefusalReason::AlreadyIssued,
            RefusedReason::Expired => RefusalReason::Expired,
            RefusedReason::Locked => RefusalReason::Locked,
            RefusedReason::PasswordFormat => RefusalReason::PasswordFormat,
            RefusedReason::Unknown => RefusalReason::Unknown,
        },
        &None,
    );
    let next = match reason {
        RefusedReason::AlreadyIssued | RefusedReason::Expired => Text::new(
            format!(
                "{}それでも送り直すときは noticert retrieve --again TERMINAL",
                next.ja
            ),
            format!(
                "{} To send it again all the same: noticert retrieve --again TERMINAL",
                next.en
            ),
        ),
        RefusedReason::BadIds
        | RefusedReason::Locked
        | RefusedReason::PasswordFormat
        | RefusedReason::Unknown => next,
    };
    (
        Text::new(
            format!(
                "この端末は前に送信して断られています（{}）。{}",
                reason.name(),
                what.ja
            ),
            format!(
                "This terminal was refused before ({}). {}",
                reason.name(),
                what.en.trim_end()
            ),
        ),
        Text::new(
            "今回は何も送信していません。",
            "Nothing was sent this time.",
        ),
        next,
    )
}

/// Why a batch stopped before its last terminal.
pub fn why_stopped(why: BatchStop) -> Text {
    match why {
        BatchStop::BadPairs => Text::new(
            "IDの誤りが2台続いたため、ロックを避けて止めました。",
            "It stopped after two wrong pairs in a row, lest the place is locked out. ",
        ),
        BatchStop::Locked => Text::new(
            "取得サイトがロックしたと答えたため、止めました。",
            "It stopped because the site says that it locked. ",
        ),
        BatchStop::Closed => Text::new(
            "取得サイトが休止中か混み合っていて、すぐには再開しないため、止めました。",
            "It stopped because the site is closed or busy and does not open soon. ",
        ),
        BatchStop::Network => Text::new(
            "取得サイトに届かないため、止めました。",
            "It stopped because the site is not reached. ",
        ),
        BatchStop::Tls => Text::new(
            "取得サイトとの安全な接続ができないため、止めました。",
            "It stopped because there is no trusted connection to the site. ",
        ),
        BatchStop::FormNotRecognised => Text::new(
            "取得サイトの画面を理解できないため、止めました。",
            "It stopped because the page of the site is not understood. ",
        ),
        BatchStop::NeedsAttention => Text::new(
            "取得サイトの画面に人の確認が必要なため、止めました。",
            "It stopped because a person has to look at the page of the site. ",
        ),
        BatchStop::SameCertificate => Text::new(
            "取得サイトが別の端末と同じ証明書を返したため、止めました。",
            "It stopped because the site handed out another terminal's certificate. ",
        ),
        BatchStop::Here => Text::new(
            "このパソコンで記録や確認ができないため、止めました。",
            "It stopped because something could not be recorded or asked on this computer. ",
        ),
    }
}

fn unclear(problem: UnclearProblem, received: u64) -> (Text, Text) {
    let (ja, en) = match problem {
        UnclearProblem::NoAnswer => (
            "送信後に接続が切れ、応答がありません",
            "the connection broke before an answer came",
        ),
        UnclearProblem::Silence => (
            "送信後、時間内に応答がありません",
            "no answer came within the time limit",
        ),
        UnclearProblem::Empty => ("応答に中身がありません", "the answer is empty"),
        UnclearProblem::Cut => ("応答が途中で切れました", "the answer is cut"),
        UnclearProblem::TooLong => (
            "応答が大きすぎます",
            "the answer is too long to be believed",
        ),
        UnclearProblem::SentAway => (
            "別の場所への再送信を求められました（行いません）",
            "the site asks to send the form elsewhere, which is never done",
        ),
        UnclearProblem::NotHandedOut => (
            "取得サイトはファイルへ案内しましたが、ファイルが届きません",
            "the site led on to the file, but the file did not come",
        ),
    };
    if problem == UnclearProblem::NotHandedOut {
        return (
            Text::new(
                format!("送信後、{ja}。"),
                format!("After submitting, {en}."),
            ),
            Text::new(
                "同じ命令をもう一度実行してください。送信はせず、案内された場所から受け取りだけをやり直します。それでも届かないときは 電子証明書申請状況照会 で ダウンロード有無 を確かめてください。",
                "Run the same command again: it submits nothing and only fetches from where the site led. If that fails too, read ダウンロード有無 in the application status.",
            ),
        );
    }
    (
        Text::new(
            format!("{ja}（{received}バイト受信）。証明書は発行済みかもしれません。"),
            format!(
                "After submitting, {en} ({received} bytes received). The certificate may have been handed out."
            ),
        ),
        look_up_first(),
    )
}

fn look_up_first() -> Text {
    Text::new(
        "インターネットのパソコンかスマートフォンで 電子証明書申請状況照会 を開き、このリクエストIDの ダウンロード有無 を確かめてください。そのうえで noticert retrieve --again TERMINAL",
        "On an internet PC or phone open 電子証明書申請状況照会 and read ダウンロード有無 for this request ID. Then: noticert retrieve --again TERMINAL",
    )
}

/// When the site says that it may be asked again.
fn until(retry_after: Option<&str>) -> Text {
    let Some(header) = retry_after else {
        return Text::new("", "");
    };
    match RetryAfter::parse(header) {
        Some(RetryAfter::In(wait)) if wait.as_secs() < 120 => Text::new(
            format!("再開の案内: {}秒後以降。", wait.as_secs()),
            format!(" It may be asked again in {} s.", wait.as_secs()),
        ),
        Some(RetryAfter::In(wait)) => Text::new(
            format!("再開の案内: 約{}分後以降。", wait.as_secs().div_ceil(60)),
            format!(
                " It may be asked again in {} min.",
                wait.as_secs().div_ceil(60)
            ),
        ),
        Some(RetryAfter::At(at)) => {
            let japan = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
            let at = at.to_zoned(japan).strftime("%Y/%m/%d %H:%M").to_string();
            Text::new(
                format!("再開の案内: {at}（日本時間）以降。"),
                format!(" It may be asked again from {at} (Japan)."),
            )
        }
        None => Text::new(
            format!("再開の案内: {header}。"),
            format!(" Retry-After: {header}."),
        ),
    }
}

fn quoted(sentence: &Option<String>) -> String {
    sentence
        .as_ref()
        .map_or_else(String::new, |sentence| format!("「{sentence}」"))
}
