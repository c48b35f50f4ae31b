/** placeholder until the projection lands */
export interface NotificationBoard {
  project(event: unknown, repository: unknown): void;
  deadLetter(entryId: string, reason: string): void;
}
