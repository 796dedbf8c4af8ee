//! What may be typed: clap's structs, exactly the commands and options of the contract.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::domain::InstitutionCode;
use crate::ledger::Keep;
use crate::practice::site::Fault;

use super::doctor::DoctorArguments;
use super::network::NetworkArguments;

/// 電子証明書発行通知書の読み取りから、電子証明書の取得・確認・インストール・記録まで。
#[derive(Debug, Parser)]
#[command(name = "noticert", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// 台帳と封印したファイルを置くフォルダー（省略時は利用者のデータフォルダー）
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// 設定ファイル（TOML）
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// 結果を JSON で標準出力に書く
    #[arg(long, global = true)]
    pub json: bool,
    /// 表示の言語
    #[arg(long, global = true, value_name = "ja|en", default_value = "ja")]
    pub lang: Lang,
    /// 費用・再送信・信頼・削除にかかわらない質問には「はい」と答える
    #[arg(long, global = true)]
    pub yes: bool,
    /// 途中経過を表示しない
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// エラーの原因を詳しく表示する
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// 封印のパスフレーズを書いたファイル
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "NOTICERT_PASSPHRASE_FILE"
    )]
    pub passphrase_file: Option<PathBuf>,
}

/// The language of messages.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Lang {
    /// 日本語
    Ja,
    /// English
    En,
}

/// The journey's verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 通知書の画像・PDFを読み取る（台帳に記録し、疑わしい項目は review へ）
    Read(ReadArguments),
    /// 通知書を手入力で、または JSON/CSV から台帳に加える
    Add(AddArguments),
    /// 疑わしい項目を用紙を見ながら確定する
    Review,
    /// 確定した端末の電子証明書を取得サイトから受け取る
    Retrieve(RetrieveArguments),
    /// ブラウザーなどで受け取った .p12 を、通知書と照らして台帳に引き取る
    Adopt(AdoptArguments),
    /// .p12 ファイルを確かめる（パスワード・鍵・発行者・期限）
    Verify(VerifyArguments),
    /// 取得した電子証明書を証明書ストアに入れる
    Install(InstallArguments),
    /// 取得した電子証明書を USB などにバックアップし、読み直して確かめる
    Backup(BackupArguments),
    /// バックアップから電子証明書を戻してインストールする
    Restore(RestoreArguments),
    /// 期限の切れた古い電子証明書をストアから削除する（新しいものが使え、バックアップ済みのときだけ）
    RemoveOld(RemoveOldArguments),
    /// remove-old で削除した電子証明書を元に戻す
    UndoRemove(UndoRemoveArguments),
    /// このパソコンに入っている電子証明書を点検する
    Audit(AuditArguments),
    /// 台帳の封印（パスフレーズなど）を変える・調べる
    Seal(SealArguments),
    /// このパソコンがどの端末かを決める
    Bind(BindArguments),
    /// 確定済みの端末をケース（封印した1つのファイル）に入れ、端末へ・元のパソコンへ運ぶ
    Pack(PackArguments),
    /// ケースを取り込む
    Unpack(UnpackArguments),
    /// 問い合わせ用の資料を1つのファイルに書く（IDやパスワードは含めない）
    Support(SupportArguments),
    /// 端末ごとの状態を一覧する
    Status,
    /// 準備ができているかを調べる（ネットワーク・取得サイト・証明書ストア・時計など。秘密は送らない）
    Doctor(DoctorArguments),
    /// スキャナーの保存先フォルダーを見張り、届いた通知書を読み取って封印（または消去）する
    Watch(WatchArguments),
    /// 読み取りからインストールまでを一度に行う
    Run(RunArguments),
    /// 練習用サイトを相手に全体を実演する（本物には一切触れない）
    Demo,
    /// 練習用サイトを起動する
    Practice(PracticeArguments),
}

/// `read FILES…`
#[derive(Args, Debug)]
pub struct ReadArguments {
    /// PNG, JPEG, TIFF, PDF（- は標準入力）、watch が封印した .sealed
    #[arg(required_unless_present = "scanner", value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// ネットワークのスキャナー（eSCL / AirScan）から直接読む。例: http://192.0.2.7/eSCL
    /// （アドレスは、スキャナーの操作画面のネットワーク設定か、設定を印刷した紙にあります）
    #[arg(long, value_name = "URL", conflicts_with = "files")]
    pub scanner: Option<String>,
    /// 台帳に記録しない
    #[arg(long)]
    pub no_record: bool,
    /// 二つのIDを伏せて表示する
    #[arg(long)]
    pub mask: bool,
    /// 同時に読むページ数（省略時はコア数）
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// 通知書のページ数。違えば知らせて終了コード10（重ね送り・読み忘れの発見）
    #[arg(long, value_name = "N")]
    pub expect_notices: Option<usize>,
    /// 端末の台数。違えば知らせて終了コード10
    #[arg(long, value_name = "N")]
    pub expect_terminals: Option<usize>,
}

/// `add`
#[derive(Args, Debug)]
pub struct AddArguments {
    /// JSON または CSV のファイル（- は標準入力）
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// 内容を人が保証し、確定済みとして加える
    #[arg(long, requires = "from")]
    pub confirmed: bool,
}

/// How a certificate is asked of the retrieval site.
#[derive(Args, Clone, Debug)]
pub struct SiteArguments {
    #[command(flatten)]
    pub network: NetworkArguments,
    /// 証明書パスワード（数字4桁）を書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
}

/// Which terminals are meant.
#[derive(Args, Clone, Debug)]
pub struct TerminalArguments {
    /// 端末（ID、リクエストID、または一つに決まる端末名称）
    #[arg(value_name = "TERMINAL", conflicts_with = "all")]
    pub terminals: Vec<String>,
    /// 対象になるすべての端末
    #[arg(long)]
    pub all: bool,
}

/// `retrieve [TERMINAL…|--all]`
#[derive(Args, Debug)]
pub struct RetrieveArguments {
    #[command(flatten)]
    pub terminals: TerminalArguments,
    #[command(flatten)]
    pub site: SiteArguments,
    /// 結果が不明・拒否の端末を、状況を確かめたうえで送り直す
    #[arg(long, conflicts_with = "all")]
    pub again: bool,
    /// 端末と端末の間に置く秒数
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    pub pause: f64,
    /// 同時に取得する端末の数（2台まで: IDの誤りが2台続いたら止めるので、それより多くは答えを待たずに送らない）
    #[arg(long, value_name = "N", default_value = "1")]
    pub jobs: NonZeroUsize,
    /// 二つのIDを大きく表示し、ブラウザーで受け取ったファイルを引き取る（端末は1台だけ指定）
    #[arg(long, conflicts_with_all = ["all", "again"])]
    pub by_hand: bool,
    /// ブラウザーがファイルを保存するフォルダー（--by-hand 用。省略時は「ダウンロード」）
    #[arg(long, value_name = "DIR", requires = "by_hand")]
    pub downloads: Option<PathBuf>,
    /// 引き取ったあと、元のファイルを消去する（--by-hand 用）
    #[arg(long, requires = "by_hand")]
    pub wipe: bool,
}

/// `adopt FILE.p12 [TERMINAL]`
#[derive(Args, Debug)]
pub struct AdoptArguments {
    /// 手作業で受け取った .p12 ファイル
    #[arg(value_name = "FILE.p12")]
    pub file: PathBuf,
    /// 端末（ID、リクエストID、または一つに決まる端末名称。省略時は証明書から決める）
    #[arg(value_name = "TERMINAL")]
    pub terminal: Option<String>,
    /// 証明書パスワード（数字4桁）を書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// 引き取ったあと、元のファイルを消去する（省略時は尋ねる。--yes では消去しない）
    #[arg(long)]
    pub wipe: bool,
    /// パスワードが分からないとき、このフォルダーの NSS データベースに同じ証明書がないか調べる（省略時はブラウザーが使うもの）
    #[arg(long, value_name = "DIR")]
    pub nss: Option<PathBuf>,
}

/// `verify FILE.p12`
#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// .p12 ファイル
    pub file: PathBuf,
    /// 証明書パスワード（数字4桁）を書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// 台帳のこの端末の通知書と照らし合わせる
    #[arg(long, value_name = "TERMINAL")]
    pub terminal: Option<String>,
}

/// Which store is meant.
#[derive(Args, Clone, Debug)]
pub struct StoreArguments {
    /// 証明書ストアとして、このフォルダーの NSS データベースを使う（省略時はブラウザーが使うもの）
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    pub nss: Option<PathBuf>,
    /// 証明書ストアとして、このフォルダーの PEM ファイルを使う
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `install [TERMINAL…|--all]`
#[derive(Args, Debug)]
pub struct InstallArguments {
    #[command(flatten)]
    pub terminals: TerminalArguments,
    #[command(flatten)]
    pub store: StoreArguments,
    /// インストール済みの端末でサービスが使えたかを台帳に記録する（インストールはしない）
    #[arg(
        long,
        value_name = "yes|no",
        requires = "terminals",
        conflicts_with_all = ["all", "nss", "folder"]
    )]
    pub service_works: Option<YesNo>,
}

/// A person's word.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum YesNo {
    /// 使えた
    Yes,
    /// 使えなかった
    No,
}

/// `backup [TERMINAL…] --to DIR`
#[derive(Args, Debug)]
pub struct BackupArguments {
    /// 端末（省略時は、このパソコンにファイルがあるすべて）
    #[arg(value_name = "TERMINAL", conflicts_with_all = ["check", "from_store"])]
    pub terminals: Vec<String>,
    /// USBメモリーなどのフォルダー（先に用意しておく）
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// パスフレーズで封印した控え（.p12 と4桁のパスワード）も作る
    #[arg(long)]
    pub sealed: bool,
    /// バックアップのパスフレーズを書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_BACKUP_PASSPHRASE_FILE")]
    pub backup_passphrase_file: Option<PathBuf>,
    /// 復元の訓練: すべての控えを読み、開いて確かめる（インストールはしない）
    #[arg(long, conflicts_with_all = ["sealed", "from_store", "with_program"])]
    pub check: bool,
    /// ストアにあって台帳にない証明書（更新ソフトが入れたものなど）を書き出してバックアップする
    #[arg(long)]
    pub from_store: bool,
    /// noticert の実行ファイルも一緒に入れる（省略時は、まだなければ尋ねる）
    #[arg(long)]
    pub with_program: bool,
    /// 証明書パスワード（数字4桁）を書いたファイル（--check と --from-store 用）
    #[arg(long, value_name = "FILE", env = "NOTICERT_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `restore FILE|DIR`
#[derive(Args, Debug)]
pub struct RestoreArguments {
    /// バックアップのフォルダー、または .p12 / .age ファイル
    #[arg(value_name = "FILE|DIR")]
    pub from: PathBuf,
    /// 端末名称（バックアップに複数の端末があるとき）
    #[arg(long, value_name = "NAME")]
    pub terminal: Option<String>,
    /// 証明書パスワード（数字4桁）を書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// バックアップのパスフレーズを書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_BACKUP_PASSPHRASE_FILE")]
    pub backup_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `remove-old [FINGERPRINT…]`
#[derive(Args, Debug)]
pub struct RemoveOldArguments {
    /// 証明書の拇印（SHA-256）の先頭8桁以上（省略時は、削除してよいものを順に尋ねる）
    #[arg(value_name = "FINGERPRINT")]
    pub fingerprints: Vec<String>,
    /// 有効なものなど、ふつうは残すものも削除する（人が言葉を入力して確かめる。元に戻す写しを作れないものは、それでも削除しない）
    #[arg(long, requires = "fingerprints")]
    pub force: bool,
    /// 医療機関コードが変わったとき: 前のコード（変わったことを台帳に記録する）
    #[arg(long, value_name = "CODE", requires_all = ["new_code", "changed_on"])]
    pub old_code: Option<InstitutionCode>,
    /// 今の医療機関コード（--old-code とともに）
    #[arg(long, value_name = "CODE", requires = "old_code")]
    pub new_code: Option<InstitutionCode>,
    /// 医療機関コードが変わった日（--old-code とともに）
    #[arg(long, value_name = "YYYY-MM-DD", requires = "old_code")]
    pub changed_on: Option<Date>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `undo-remove [FINGERPRINT]`
#[derive(Args, Debug)]
pub struct UndoRemoveArguments {
    /// 証明書の拇印（SHA-256）の先頭8桁以上（省略時は最後に削除したもの）
    #[arg(value_name = "FINGERPRINT")]
    pub fingerprint: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `audit`
#[derive(Args, Debug)]
pub struct AuditArguments {
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `seal change|open|lock|status`
#[derive(Args, Debug)]
pub struct SealArguments {
    #[command(subcommand)]
    pub command: SealCommand,
}

/// What is done with the seal.
#[derive(Debug, Subcommand)]
pub enum SealCommand {
    /// 封印の開け方を変える（新しいパスフレーズ、またはアカウント）
    Change {
        /// 何で開けるようにするか
        #[arg(long, value_name = "passphrase|account", default_value = "passphrase")]
        opener: SealOpener,
        /// 新しいパスフレーズを書いたファイル
        #[arg(long, value_name = "FILE", env = "NOTICERT_NEW_PASSPHRASE_FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// watch が封印した通知書を開けて、標準出力に書き出す
    Open {
        /// done か doubtful の .sealed ファイル
        file: PathBuf,
    },
    /// アカウントで自動的に開くのをやめ、毎回パスフレーズを尋ねる
    Lock,
    /// 封印の状態を表示する
    Status,
}

/// What opens the seal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SealOpener {
    /// パスフレーズ
    Passphrase,
    /// サインインしているアカウント（Windows、Mac、キーリングのある Linux）
    Account,
}

/// `bind TERMINAL`
#[derive(Args, Debug)]
pub struct BindArguments {
    /// 端末（ID、リクエストID、または一つに決まる端末名称）
    #[arg(value_name = "TERMINAL")]
    pub terminal: Option<String>,
}

/// `pack`
#[derive(Args, Debug)]
pub struct PackArguments {
    /// 端末（省略時は確定済みのすべてと、ケースで預かっているすべて）
    #[arg(value_name = "TERMINAL")]
    pub terminals: Vec<String>,
    /// ケースを書くフォルダーや USB
    #[arg(long, value_name = "DIR", required_unless_present = "take_back")]
    pub to: Option<PathBuf>,
    /// 発行先（10桁）。複数の医療機関がある台帳で一つを選ぶ
    #[arg(long, value_name = "CODE")]
    pub institution: Option<String>,
    /// ケースを渡す相手（台帳に控える）
    #[arg(long, value_name = "NAME")]
    pub holder: Option<String>,
    /// ケースのパスフレーズを書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_CASE_PASSPHRASE_FILE")]
    pub case_passphrase_file: Option<PathBuf>,
    /// ケースが戻らないと確かめた端末を、ここから送信できるように戻す
    #[arg(long, conflicts_with = "to", requires = "terminals")]
    pub take_back: bool,
}

/// `unpack FILE`
#[derive(Args, Debug)]
pub struct UnpackArguments {
    /// ケースのファイル
    pub file: PathBuf,
    /// ケースのパスフレーズを書いたファイル
    #[arg(long, value_name = "FILE", env = "NOTICERT_CASE_PASSPHRASE_FILE")]
    pub case_passphrase_file: Option<PathBuf>,
}

/// `support --to DIR`
#[derive(Args, Debug)]
pub struct SupportArguments {
    /// 資料を書くフォルダー
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// `watch DIR`
#[derive(Args, Debug)]
pub struct WatchArguments {
    /// スキャナーが通知書を保存するフォルダー（共有フォルダーでもよい）
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// 読み取りの済んだスキャンを封印して残すか、消去するか（最初に一度だけ尋ね、次からは覚えている）
    #[arg(long, value_name = "seal|delete")]
    pub keep: Option<Keep>,
    /// いまある分を片付けたら終わる
    #[arg(long)]
    pub once: bool,
    /// フォルダーを見る間隔（秒）
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    pub every: f64,
    /// 同時に読むページ数（省略時はコア数）
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

impl ValueEnum for Keep {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Seal, Self::Delete]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let about = match self {
            Self::Seal => "封印して done に残す",
            Self::Delete => "消去する",
        };
        Some(PossibleValue::new(self.name()).help(about))
    }
}

/// `run FILES…`
#[derive(Args, Debug)]
pub struct RunArguments {
    /// PNG, JPEG, TIFF, PDF（- は標準入力）
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub site: SiteArguments,
    #[command(flatten)]
    pub store: StoreArguments,
    /// 続けてこの USB などにバックアップする（先に用意しておく）
    #[arg(long, value_name = "DIR")]
    pub backup_to: Option<PathBuf>,
    /// 端末と端末の間に置く秒数
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    pub pause: f64,
}

/// `practice`
#[derive(Args, Debug)]
pub struct PracticeArguments {
    /// 待ち受けるアドレス（このパソコンの中だけ）
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// 練習用の通知書と認証局証明書を書くフォルダー
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// 練習用の通知書に載せる端末の数
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub terminals: usize,
    /// 同じ番号なら同じ通知書になります（日付は今日のもの）。省略すると毎回新しい通知書
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// 練習用サイトの異常や画面の違い（複数可。名前の一覧は --help）
    #[arg(long = "fault", value_name = "NAME", num_args = 1.., value_enum)]
    pub faults: Vec<Fault>,
}

impl ValueEnum for Fault {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}
