package dev.nunchi.train;

import java.util.List;

/// The texts of every probe: written for it, harmless, and with all that a tokenizer can trip over.
final class ProbeTexts {
  static final List<String> ALL =
      List.of(
          "정말 재미있게 봤어요",
          "시간이 아깝다",
          "그럭저럭 볼만했는데 뒤로 갈수록 조금 지루했어요.",
          "배우들 연기는 좋았지만 이야기가 너무 뻔해서 아쉬움이 많이 남는 영화였습니다. 그래도 음악은 최고였고 다시 듣고 싶네요.",
          "ㅋㅋㅋㅋㅋㅋ 완전 웃김ㅠㅠㅠㅠ",
          "최고!!!!!!! 강추 👍👍👍",
          "ＡＢＣ１２３ 전각 문자와 half-width 글자",
          "띄어쓰기없이쓴문장도읽을수있어야합니다",
          "음... 글쎄요?",
          "한글 자모 ㅎㅏㄴㄱㅡㄹ 과 조합형 한글",
          "Not bad at all, 추천합니다",
          "日本語と中文 그리고 한국어",
          "10점 만점에 9.5점",
          "네");

  private ProbeTexts() {}
}
