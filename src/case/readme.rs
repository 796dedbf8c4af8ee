//! The sheet beside a case, for whoever finds the stick: what it is, what to do with it, what it does not tell.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::custody::files;
use crate::custody::{DiskError, PathKind};

/// What the sheet says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReadMe {
    /// The case's file name.
    pub case: String,
    /// The clinic.
    pub institution_code: String,
    /// Terminals in it.
    pub terminals: usize,
    /// The day on which it was packed.
    pub packed_on: Date,
    /// The first deadline among what waits to be retrieved.
    pub deadline: Option<Date>,
    /// Whether it goes back to the place that lent the records.
    pub goes_back: bool,
}

impl ReadMe {
    /// Writes the sheet into `dir`. One of an earlier case is replaced; any other file of that name stays.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, DiskError> {
        let text = self.text();
        let path = dir.join(README_NAME);
        let is_ours = std::fs::read_to_string(&path).is_ok_and(|present| {
            present
                .trim_start_matches('\u{feff}')
                .starts_with(FIRST_LINE)
        });
        match is_ours {
            true => files::replace_owner_only_atomic(
                dir,
                README_NAME,
                text.as_bytes(),
                PathKind::SavedFile,
            )
            .map(|()| path),
            false => files::write_new_owner_only_atomic(dir, README_NAME, text.as_bytes()),
        }
    }

    fn text(&self) -> String {
        let Self {
            case,
            institution_code,
            terminals,
            packed_on,
            ..
        } = self;
        let deadline = self.deadline.map_or_else(String::new, |day| {
            format!("\n取得期限（いちばん早いもの）: {day}")
        });
        let steps = match self.goes_back {
            true => GO_BACK,
            false => GO_OUT,
        }
        .replace("CASE", case);
        // A byte order mark and both line ends, so that every Windows editor shows it.
        format!(
            "\u{feff}{FIRST_LINE}\n\nファイル: {case}\n発行先: {institution_code}　端末: {terminals}台　作成日: {packed_on}{deadline}\n\n{steps}"
        )
        .replace('\n', "\r\n")
    }
}

/// The sheet's name.
pub const README_NAME: &str = "はじめに.txt";

const FIRST_LINE: &str = "noticert のケース（電子証明書の取得に必要な情報を封印したファイル）";

const GO_OUT: &str = "このケースを端末（オンライン資格確認・オンライン請求のパソコン）で使うには:

  1. noticert.exe とこのフォルダーを端末にコピーするか、USB のまま開きます。
  2. noticert unpack \"CASE\"
     ケースのパスフレーズを尋ねられます。パスフレーズはこの紙にも USB にも書かれていません。
  3. 画面の最後に出る命令を一つ実行します（noticert retrieve --all）。
  4. 終わったら noticert pack --to このフォルダー で作ったケースを、元のパソコンに持ち帰って noticert unpack

このケースが戻るまで、元のパソコンから同じ端末の分は送信しません（二重の取得を防ぐため）。

中身は鍵と同じです。使い終わったら消してください。拾った方は、開かずに発行先の医療機関へお返しください。

English: unpack it on the terminal with \"noticert unpack CASE\", run the command it prints, then pack and bring it back.
";

const GO_BACK: &str = "このケースは、端末での結果を元のパソコンに持ち帰るためのものです:

  1. 元のパソコンで noticert unpack \"CASE\"
     ケースのパスフレーズを尋ねられます。パスフレーズはこの紙にも USB にも書かれていません。
  2. noticert status で状態を確かめます。

取得した .p12 は端末の中にあります（このケースには入っていません）。

中身は鍵と同じです。使い終わったら消してください。

English: take it back with \"noticert unpack CASE\" on the computer that lent the records.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> ReadMe {
        ReadMe {
            case: "noticert-0110113719.age".to_owned(),
            institution_code: "0110113719".to_owned(),
            terminals: 2,
            packed_on: Date::constant(2026, 11, 22),
            deadline: Some(Date::constant(2027, 5, 15)),
            goes_back: false,
        }
    }

    #[test]
    fn the_sheet_names_the_case_and_replaces_only_its_own_kind() {
        let dir = tempfile::tempdir().unwrap();
        let path = sheet().write(dir.path()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("noticert unpack \"noticert-0110113719.age\""));
        assert!(text.contains("2027-05-15"));
        let back = ReadMe {
            goes_back: true,
            ..sheet()
        };
        assert_eq!(back.write(dir.path()).unwrap(), path);

        std::fs::write(&path, "買い物のメモ").unwrap();
        let beside = sheet().write(dir.path()).unwrap();
        assert_ne!(beside, path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "買い物のメモ");
    }
}
