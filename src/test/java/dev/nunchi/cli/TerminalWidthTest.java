package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TerminalWidthTest {
  @Test
  void getAsInt_whatIsNoTerminal_isNothing() {
    assertEquals(0, TerminalWidth.of(-1).getAsInt());
  }
}
