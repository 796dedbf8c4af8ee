"""What stands on a line: values, labels and other print of letters. Every number and name is invented."""

import random

from classes import DIGITS, LETTERS

LABELS = [
    "発行者", "発行先", "端末名称", "端末名称等", "端末名", "電子証明書有効期間", "有効期間",
    "電子証明書ダウンロードサイトリクエストID", "電子証明書ダウンロードサイトリファレンスID",
    "電子証明書ダウンロードサイト有効期限", "ダウンロードサイト有効期限", "リクエストID", "リファレンスID",
    "電子証明書ダウンロードサイト", "ダウンロードサイト", "発行年月日", "発行日", "医療機関等コード", "医療機関コード",
    "電子証明書発行通知書", "電子証明書に関する情報", "電子証明書取得に関する情報", "1台目", "2台目", "3台目", "12台目",
]
OTHER_WORDS = [
    "送付状", "送付のご案内", "FAX送信票", "FAX送信状", "書類送り状", "カバーレター", "専用認証局", "介護保険", "電子請求受付システム",
    "マイナ在宅受付", "マイナ資格確認アプリ", "請求書", "御請求書", "見本", "請求金額", "受付番号", "仮パスワード", "ユーザID",
    "利用開始日", "事業所番号", "お問い合わせ先", "医療法人", "クリニック", "薬局", "受付1号機", "診察室", "事務室PC", "会計窓口",
    "資格確認端末1", "オンライン請求", "代表者名", "所在地", "電話番号", "担当", "ご確認ください", "有効", "期限", "番号", "名称",
    "発行手数料", "合計", "数量", "単価", "品名", "納品書", "領収書", "年度", "申請者", "利用者", "設置場所", "証明書番号",
]
ISSUERS = [
    "Online Billing NW Common Root CA-G1", "Online Billing NW Common Root CA", "Onlien Billing NW Common Root CA",
    "Onlien Billing NW Common Root CA-G1", "Online Billing NW Common Root CA - G2", "Online Billing NW Common Root",
]
LATIN = (
    "Online Billing Common Root Authority Service Client Certificate Network Medical Health Insurance Request "
    "Reference Download Site Issuer Terminal Valid From Until NW CA G1 G2 PC No ID Japan Office Center System"
).split()
RANGES = ["～", "~", "〜", "-", "–", "から", "−"]
FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in DIGITS + LETTERS}


def _pick(random: random.Random, characters: str, length: int) -> str:
    return "".join(random.choice(characters) for _ in range(length))


def digits(random: random.Random) -> str:
    length = random.choice([15, 15, 15, 15, 10, 10, 8, random.randint(1, 18)])
    text = _pick(random, DIGITS, length)
    if random.random() < 0.15:  # runs of one digit are where lines lose or gain one
        at = random.randrange(length)
        text = (text[:at] + text[at] * random.randint(2, 5) + text[at:])[:max(length, 4)]
    return _grouped(random, text)


def reference(random: random.Random) -> str:
    alphabet = random.choice([DIGITS + LETTERS, DIGITS + LETTERS, DIGITS + LETTERS[:26], "0Oo1Il5S8B2ZiLjcCsSvVwWxXzZuUkKpPgq96"])
    return _grouped(random, _pick(random, alphabet, random.choice([10, 10, 10, 10, random.randint(4, 16)])))


def _grouped(random: random.Random, text: str) -> str:
    if random.random() < 0.12:
        size = random.choice([3, 4, 5, 5])
        text = random.choice([" ", " ", "  ", "-"]).join(text[i:i + size] for i in range(0, len(text), size))
    if random.random() < 0.1:
        text = "".join(FULL_WIDTH.get(c, c) for c in text)
    return text


def _date(random: random.Random, form: str) -> str:
    year, month, day = random.randint(2015, 2039), random.randint(1, 12), random.randint(1, 31)
    pad = random.choice(["02d", "02d", "d"])
    if form == "kanji":
        return f"{year}年{month:{random.choice(['d', '02d'])}}月{day:{random.choice(['d', '02d'])}}日"
    if form == "reiwa":
        era = random.choice(["元", "1"]) if year == 2019 else str(max(year - 2018, 2))
        blank = random.choice(["", "", " "])
        return f"令和{blank}{era}{blank}年{blank}{month}{blank}月{blank}{day}{blank}日"
    mark = {"slash": "/", "hyphen": "-", "dot": "."}[form]
    return f"{year}{mark}{month:{pad}}{mark}{day:{pad}}"


def dates(random: random.Random) -> str:
    form = random.choice(["slash", "slash", "slash", "kanji", "reiwa", "hyphen", "dot"])
    text = _date(random, form)
    if random.random() < 0.6:
        sign = random.choice(RANGES if form not in ("hyphen",) else RANGES[:3])
        blank = random.choice(["", " ", " "])
        text = text + blank + sign + blank + _date(random, form)
    elif random.random() < 0.15:
        text = random.choice([text + " ～", "～ " + text, text + "まで"])
    if random.random() < 0.05:
        text = "".join(FULL_WIDTH.get(c, c) for c in text).replace("/", "／")
    return text


def latin(random: random.Random) -> str:
    if random.random() < 0.55:
        return random.choice(ISSUERS)
    words = [random.choice(LATIN) for _ in range(random.randint(1, 5))]
    if random.random() < 0.3:
        words.append(_pick(random, LETTERS + DIGITS, random.randint(2, 8)))
    return random.choice([" ", " ", "-"]).join(words)


def labels(random: random.Random) -> str:
    text = random.choice(LABELS)
    if random.random() < 0.5:
        text = text[-random.choice([4, 5, 5, 5, 6, 8]):]
    elif random.random() < 0.2:
        text = text[:random.randint(3, 12)]
    if random.random() < 0.15:
        text = text.replace("ID", "ＩＤ")
    if random.random() < 0.08:
        text = random.choice([text + "：", "(" + text + ")", "・" + text, text + ":"])
    if random.random() < 0.08:
        text = random.choice([" ", "\u3000"]).join(text)
    return text


def japanese(random: random.Random, common: str) -> str:
    if random.random() < 0.5:
        return random.choice(OTHER_WORDS) + random.choice(["", "", random.choice(OTHER_WORDS), _pick(random, DIGITS, 2)])
    return _pick(random, common, random.randint(2, 12))


KINDS = [("digits", 26), ("reference", 28), ("dates", 15), ("latin", 7), ("labels", 16), ("japanese", 8)]
