package dev.nunchi.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A small answer, kept in memory.
final class Reply implements Http.Body {
  private static final int MOST_BYTES = 32 << 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  void clear() {
    bytes.reset();
  }

  @Override
  public void begin(Http.Head head) {}

  @Override
  public void accept(ByteBuffer buffer) throws IOException {
    if (bytes.size() + buffer.remaining() > MOST_BYTES) {
      throw new IOException("an answer without end");
    }
    byte[] copy = new byte[buffer.remaining()];
    buffer.get(copy);
    bytes.write(copy);
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  JsonNode json() throws JsonProcessingException {
    try {
      return MAPPER.readTree(bytes());
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("Memory cannot fail to be read", e);
    }
  }
}
