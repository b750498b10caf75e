package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelledFileTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @ValueSource(strings = {"--label-mapping", "--id-column", "--text-column", "--label-column"})
  void options_withoutAFile_areRefused(String option) {
    assertRefused(option, "export", "--model", "m", "--output", "o", option, "0=a");
    assertRefused(option, "combine", "--model", "m", "--with", "w", "--output", "o", option, "0=a");
  }

  private void assertRefused(String option, Object... command) {
    err.getBuffer().setLength(0);
    assertEquals(2, InProcess.run(out, err, command), err::toString);
    assertTrue(
        err.toString()
            .contains(option + " says how the file of --validation is read, and none was given"),
        err::toString);
  }
}
