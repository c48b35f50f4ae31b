import { makeRealWorld } from '../support/git-world.ts';
import { auditConformance } from './audit-suite.ts';
import { foresightConformance } from './foresight-suite.ts';
import { gitConformance } from './git-suite.ts';

gitConformance('real git', async () => makeRealWorld());
auditConformance('real git', async () => makeRealWorld());
foresightConformance('real git', async () => makeRealWorld());
