"""Writes corpus.txt: 400 short made-up comments, combined from the phrases below by a fixed seed."""

import random
from pathlib import Path

SUBJECTS = """이 영화
어제 본 영화
새로 산 이어폰
동네 빵집의 식빵
오늘 아침 산책
주말에 간 바다
할머니가 끓여 주신 국
친구가 추천한 책
우리 반 합창
이번 여름 휴가
새 자전거
도서관 창가 자리
비 오는 날의 노래
첫 회사의 점심시간
동생이 만든 떡볶이
늦은 밤의 라디오
그 배우의 연기
마지막 장면
배경 음악
강아지와 보낸 하루
택배 상자
지하철 2호선
1988년에 나온 만화
CGV 조조 상영
OST 앨범""".splitlines()

PREDICATES = """정말 재미있었어요
생각보다 별로였다
다시 보고 싶네요
너무 지루해서 졸았음
기대 이상이라 놀랐습니다
돈이 아깝지 않아요
두 번은 못 하겠다
마음이 따뜻해졌어요
그냥 그랬어요
최고예요
조금 아쉬웠지만 괜찮아
눈물이 나더라
웃다가 배가 아팠다
추천합니다
시간이 어떻게 갔는지 모르겠어요
10점 만점에 9점
내 취향은 아니었어
오래오래 기억에 남을 듯
왜 이제야 알았을까
솔직히 실망했어요
하루 종일 흥얼거렸다
조용하고 편안했습니다
조금 비싸지만 만족해요
다음에는 가족과 함께 가야지
뭔가 부족한 느낌""".splitlines()

ENDINGS = ["", "", "", "!", "!!", "...", "ㅋㅋ", "ㅋㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㅜㅜ", "~", "?", " ㅋㅋ", " ^^", "♥", " 👍", "😂"]


def main() -> None:
    choose = random.Random(7)
    lines = [
        f"{choose.choice(SUBJECTS)} {choose.choice(PREDICATES)}{choose.choice(ENDINGS)}"
        for _ in range(400)
    ]
    path = Path(__file__).with_name("corpus.txt")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
