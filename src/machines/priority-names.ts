/** How urgent a work item may be, in the words of events and commands. Words alone: it imports nothing. */
export const PRIORITIES = ['urgent', 'normal', 'low'] as const;
