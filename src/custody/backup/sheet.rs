//! The sheet beside the back-ups: how a certificate comes back, with noticert and without.

use std::path::Path;

use super::BackupError;
use super::index::{Entry, SUMS};
use crate::custody::PathKind;
use crate::custody::files;
use crate::domain::japan_date;

/// Writes the sheet for `copies` into `root`, over an earlier one.
pub(super) fn write(root: &Path, copies: &[Entry]) -> Result<(), BackupError> {
    files::replace_owner_only_atomic(root, NAME, text(copies).as_bytes(), PathKind::Backup)?;
    Ok(())
}

fn text(copies: &[Entry]) -> String {
    let list: String = copies
        .iter()
        .map(|copy| {
            format!(
                "  {}　有効期限 {}\n      {}\n",
                copy.name(),
                japan_date(copy.not_after),
                copy.file
            )
        })
        .collect();
    // A byte order mark and both line ends, so that every Windows editor shows it.
    format!(
        "\u{feff}{}",
        TEXT.replace("LIST", &list).replace("SUMS", SUMS)
    )
    .replace('\n', "\r\n")
}

/// The sheet's name.
pub const NAME: &str = "復元のしかた.txt";

const TEXT: &str = "電子証明書のバックアップ（オンライン資格確認・オンライン請求）

入っているもの
LIST
パソコンを取り替えたとき
  1. 新しいパソコンに、いつもの利用者でサインインします（オンライン資格確認の端末では OQSComApp）。
  2. noticert があるとき:
       noticert restore このフォルダー
     証明書パスワード（数字4桁）を尋ねられます。紙の控えを見てください。
  3. noticert がないとき:
       上の一覧のうち、その端末の、有効期限がいちばん新しい .p12 をダブルクリックします。
       保存場所は「現在のユーザー」。パスワードは紙に控えた数字4桁。
       「秘密キーの保護を強力にする」は付けない。「このキーをエクスポート可能にする」は付ける。
       「すべての拡張プロパティを含める」は付ける。証明書ストアは「自動的に選択する」。
       ルート証明書のセキュリティ警告が出たら「はい」。
  4. ブラウザーをすべて閉じてから、サービスのページを開いて確かめます。

数字4桁が分からないとき
  .password.age で終わるファイルがあれば、バックアップのパスフレーズで開けます:
       noticert restore このフォルダー   （または age -d ファイル名）
  それもないときも、新しい申請（1,500円＋郵送753円、約1週間）の前に noticert restore を試してください。

ファイルが壊れていないかを確かめる
       noticert backup --check --to このフォルダー   （または sha256sum -c SUMS）

扱い
  4桁のパスワードは数秒で破られます。この中の .p12 は鍵そのものです。
  鍵のかかる所に保管し、人に貸さず、医療機関の外に持ち出さないでください。
  拾った方は、開かずに上の発行先の医療機関へお返しください。

English: on the replacement PC run \"noticert restore FOLDER\", or double-click the newest .p12 of that terminal
(current user, no strong protection, exportable, all extended properties, automatic store) with its four digits.
";

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_sheet_lists_every_copy_and_no_place_is_left_open() {
        let copy = Entry {
            institution_code: "0110113719".to_owned(),
            terminal_name: Some("受付1号機".to_owned()),
            fingerprint: String::new(),
            serial_number: String::new(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: "2030-02-16T14:59:59Z".parse().unwrap(),
            file: "0110113719_受付1号機/受付1号機_2030-02-16.p12".to_owned(),
            sha256: String::new(),
            sealed: None,
            made_at: Timestamp::UNIX_EPOCH,
            made_on: String::new(),
        };
        let text = text(&[copy]);
        assert!(text.contains("0110113719 「受付1号機」　有効期限 2030-02-16"));
        assert!(text.contains("受付1号機_2030-02-16.p12"));
        assert!(!text.contains("LIST") && !text.contains(" SUMS"));
    }
}
