package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private static final JsonReader<JsonRequest> READER =
      new JsonReader<>(JsonRequest.class, new Limits(100, 6, 1000, 4, 4, 8));

  /// They are UTF-8, and look like the beginning of UTF-16 or UTF-32: a message of gRPC does.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0000\u0000\u0000\u0014\n\u0008a",
        "\u0000\u0000\u0000{\u0000\u0000\u0000}",
        "\u0000{\u0000}",
        "{\u0000}\u0000",
        "{\u0000\u0000\u0000"
      })
  void read_zerosAtTheStart_areNoOtherEncoding(String body) {
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> READER.read(body.getBytes(StandardCharsets.UTF_8)));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
  }

  @Test
  void read_byteOrderMark_isNoPartOfTheBody() {
    byte[] body = "\ufeff{\"text\": \"영화\"}".getBytes(StandardCharsets.UTF_8);
    assertEquals("영화", READER.read(body).text());
  }
}
