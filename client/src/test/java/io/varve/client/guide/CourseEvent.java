package io.varve.client.guide;

sealed interface CourseEvent {
  String course();

  record CourseDefined(String course, int capacity) implements CourseEvent {}

  record StudentSubscribed(String course, String student) implements CourseEvent {}
}
