import { makeRealWorld } from '../support/git-world.ts';
import { gitConformance } from './git-suite.ts';

gitConformance('real git', async () => makeRealWorld());
