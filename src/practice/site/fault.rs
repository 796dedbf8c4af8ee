//! What the practice site can do wrong, or otherwise than usual: each by the name of `noticert practice --fault`.

/// Where in a conversation a fault shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The TLS connection.
    Tls,
    /// What stands before the form.
    Entrance,
    /// The form.
    Form,
    /// The answer in place of the file.
    Answer,
    /// The pages between the form and the file.
    Between,
    /// How the file travels.
    Delivery,
    /// What the file is.
    File,
    /// How long each answer takes.
    Pace,
}

macro_rules! faults {
    ($($stage:ident { $($variant:ident $name:literal $ja:literal,)* })*) => {
        /// One way in which the practice site differs from the page that the guides describe.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Fault {
            $($(#[doc = $ja] $variant,)*)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$($(Self::$variant,)*)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$variant => $name,)*)*
                }
            }

            /// What it does, in Japanese.
            pub fn about(self) -> &'static str {
                match self {
                    $($(Self::$variant => $ja,)*)*
                }
            }

            /// Where it shows.
            pub fn stage(self) -> Stage {
                match self {
                    $($(Self::$variant)|* => Stage::$stage,)*
                }
            }
        }
    };
}

faults! {
    Tls {
        Tls12 "tls-1.2" "TLS 1.2 だけを話す",
        Tls13 "tls-1.3" "TLS 1.3 だけを話す",
        TlsWrongName "tls-wrong-name" "証明書の名前が違う",
        TlsExpired "tls-expired" "サーバー証明書が期限切れ",
        TlsNotYetValid "tls-not-yet-valid" "サーバー証明書がまだ有効でない",
        TlsUnknownIssuer "tls-unknown-issuer" "知らない認証局のサーバー証明書",
        TlsHangsUp "tls-hangs-up" "TLS の途中で切る",
        NoTls "no-tls" "TLS ではなく平文で答える",
    }
    Entrance {
        RedirectFirst "redirect-first" "入力画面へ転送する",
        RefreshFirst "refresh-first" "入力画面へ meta refresh で移る",
        ConsentFirst "consent-first" "注意事項の確認画面が先にある",
        TermsFirst "terms-first" "利用規約への同意画面が先にある",
        RedirectLoop "redirect-loop" "転送が終わらない",
        RedirectElsewhere "redirect-elsewhere" "別のホストへ転送する",
        RedirectHttp "redirect-http" "http: へ転送する",
        Error500Once "error-500-once" "最初の1回だけ HTTP 500",
        Error500 "error-500" "いつも HTTP 500",
        Closed "closed" "HTTP 503（Retry-After 30分）",
        ClosedOnce "closed-once" "最初の1回だけ HTTP 503（Retry-After 1秒）",
        ClosedPage "closed-page" "入力画面の代わりにメンテナンス画面",
        Gateway403 "gateway-403" "途中の機器が HTTP 403 で断る",
        SilentPage "silent-page" "入力画面を返さず黙る",
        BrokenPage "broken-page" "入力画面の前に接続を切る",
        NoPage "no-page" "入力画面の代わりに画面でないデータ",
        UnsupportedBrowser "unsupported-browser" "入力画面の代わりに、このブラウザーは使えないという画面",
    }
    Form {
        FormShiftJis "form-shift-jis" "Shift_JIS の画面",
        FormEucJp "form-euc-jp" "EUC-JP の画面",
        FormIso2022Jp "form-iso-2022-jp" "ISO-2022-JP の画面",
        FormUndeclared "form-undeclared" "文字コードの宣言がない Shift_JIS の画面",
        FormMultipart "form-multipart" "multipart/form-data の画面",
        FormList "form-list" "dl/dt/dd の画面",
        FormPlaceholder "form-placeholder" "placeholder だけの画面",
        FormLinkButton "form-link-button" "ボタンの代わりにリンクで送る画面",
        FormImageButton "form-image-button" "画像のボタンの画面",
        FormOtherOrder "form-other-order" "入力欄の順が違い、紛らわしい名前の画面",
        FormAcknowledge "form-acknowledge" "注意事項の確認にチェックを求める画面",
        FormTerms "form-terms" "利用規約への同意を求める画面",
        FormCaptcha "form-captcha" "画像の文字を求める画面",
        FormScript "form-script" "スクリプトだけの画面",
        FormGet "form-get" "GET で送る画面",
        FormElsewhere "form-elsewhere" "別のホストへ送る画面",
        FormHttp "form-http" "http: へ送る画面",
        FormRevocation "form-revocation" "証明書の失効の画面",
        FormCut "form-cut" "リファレンスIDが入りきらない画面",
        FormTwice "form-twice" "取得の入力欄が二組ある画面",
    }
    Answer {
        BadIds "bad-ids" "IDの組み合わせを断る",
        AlreadyIssued "already-issued" "取得済みと答える",
        OneShot "one-shot" "一つのリクエストIDにつき1回しか受け付けない（2回目からは取得済みと答える）",
        NotIssued "not-issued" "まだ発行されていないと答える",
        Cancelled "cancelled" "申請が取り下げられていると答える",
        Revoked "revoked" "失効していると答える",
        Expired "expired" "取得期限切れと答える",
        Locked "locked" "ロックされていると答える",
        PasswordFormat "password-format" "パスワードの形を断る",
        SessionTimeout "session-timeout" "画面の有効期限切れと答える",
        Maintenance "maintenance" "メンテナンス中と答える",
        UnknownPage "unknown-page" "知らないエラー画面を返す",
        Echo "echo" "入力された値を、姿を変えて繰り返すエラー画面を返す",
        FormAgain "form-again" "何も言わずに入力画面を返す",
        Error500After "error-500-after" "送信に HTTP 500 で答える",
        EmptyAnswer "empty-answer" "中身のない答え",
        NoAnswer "no-answer" "答えずに接続を切る",
        Silence "silence" "答えずに黙る",
        PostAgain "post-again" "もう一度送信するよう転送する（307）",
        SentElsewhere "sent-elsewhere" "送信のあと別のホストへ転送する",
        SentHttp "sent-http" "送信のあと http: へ転送する",
        SentInCircles "sent-in-circles" "送信のあと転送が終わらない",
    }
    Between {
        ResultRedirect "result-redirect" "送信のあと、ファイルへ転送する",
        ResultLink "result-link" "ファイルへのリンクが一つある結果画面",
        ResultNamedLink "result-named-link" "メニューの中に .p12 へのリンクがある結果画面",
        ResultButton "result-button" "もう一つのボタンでファイルを渡す結果画面",
        ResultRefresh "result-refresh" "meta refresh でファイルへ移る結果画面",
        ResultWait "result-wait" "待ち画面のあとにリンクの画面",
        ResultScript "result-script" "スクリプトだけがダウンロードを始める結果画面",
        ResultScriptLink "result-script-link" "スクリプトがダウンロードを始め、始まらないとき用のリンクもある結果画面",
        Confirm "confirm" "送信内容の確認画面（値は隠れた項目）",
        ConfirmShown "confirm-shown" "送信内容の確認画面（値は読むだけの欄）",
        ConfirmThenLink "confirm-then-link" "確認画面のあとにリンクの画面",
        ConfirmTwice "confirm-twice" "確認画面が何度も出る",
        ConfirmAsks "confirm-asks" "確認画面が画像の文字を求める",
        LinkElsewhere "link-elsewhere" "別のホストへのリンクの結果画面",
        LinkHttp "link-http" "http: へのリンクの結果画面",
        ButtonElsewhere "button-elsewhere" "別のホストへ送るボタンの結果画面",
        ButtonRevokes "button-revokes" "失効のボタンだけの結果画面",
        LinkFails "link-fails" "リンクの先にファイルがない",
        LinkFailsOnce "link-500-once" "リンクの先が最初の1回だけ HTTP 500",
        LinkCutOnce "link-cut-once" "リンクの先が最初の1回だけ途中で切れる",
        ButtonCut "button-cut" "もう一つのボタンの答えが途中で切れる",
    }
    Delivery {
        WrongType "wrong-type" "ファイルを text/html として渡す",
        NoName "no-name" "ファイル名のないファイル",
        NastyName "nasty-name" "フォルダーの外を指すファイル名",
        EncodedName "encoded-name" "filename*= で書いた日本語のファイル名",
        SameName "same-name" "どの端末にも同じファイル名",
        Gzip "gzip" "頼んでいない gzip",
        Chunked "chunked" "長さを言わずに渡す",
        Drip "drip" "少しずつ渡す",
        LateBreak "late-break" "全部渡したあと接続を壊す",
        Cut "cut" "途中で接続を壊す（長さを言う）",
        CutChunked "cut-chunked" "途中で接続を壊す（長さを言わない）",
        CutCleanly "cut-cleanly" "途中で静かに終える（長さを言わない）",
        CutWithLength "cut-with-length" "途中までを全部として渡す",
        SilenceInTheMiddle "silence-in-the-middle" "途中で黙る",
        Endless "endless" "終わりのないデータ",
    }
    File {
        WithoutIssuer "without-issuer" "発行者の証明書が入っていないファイル",
        OtherPassword "other-password" "別のパスワードのファイル",
        WrongCode "wrong-cn" "別の医療機関コードの証明書",
        WrongKey "wrong-key" "鍵の合わない証明書",
        ExpiredLeaf "expired-leaf" "期限切れの証明書",
        BrokenFile "broken-file" "構造の壊れたファイル",
        BareCertificate "bare-certificate" "鍵のない証明書だけ",
        OtherFile "other-file" "zip ファイル",
        SameCertificate "same-certificate" "どの端末にも最初の端末のファイルを渡す",
    }
    Pace {
        Slow50 "slow-50" "どの画面も 0.05秒かかる",
        Slow500 "slow-500" "どの画面も 0.5秒かかる",
    }
}

/// The faults of one site.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// The first fault of a stage.
    pub(super) fn at(&self, stage: Stage) -> Option<Fault> {
        self.0.iter().copied().find(|fault| fault.stage() == stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Fault::ALL.len());
        for name in names {
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c)),
                "{name}"
            );
        }
    }
}
