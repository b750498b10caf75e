package dev.nunchi.cli;

import io.quarkus.runtime.annotations.QuarkusMain;

@QuarkusMain
public final class Nunchi {
  private Nunchi() {}

  public static void main(String[] args) {
    System.out.println("hello");
  }
}
