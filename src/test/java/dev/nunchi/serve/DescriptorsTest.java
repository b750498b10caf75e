package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DescriptorsTest {
  @Test
  void descriptors_fewerThanConnections_lowerTheLimit() {
    assertEquals(2048, Descriptors.most(2048, 1 << 20, 200));
    assertEquals(1024 - 200 - 64, Descriptors.most(2048, 1024, 200));
    assertEquals(1024 - 200 - 64, Descriptors.most(0, 1024, 200));
    assertEquals(1, Descriptors.most(2048, 64, 60));
  }
}
