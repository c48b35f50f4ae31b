/** The suite of the ground on real processes. */
import { makeGroundWorld } from '../support/ground-world.ts';
import { groundSuite } from './ground-suite.ts';

groundSuite('the ground', async () => makeGroundWorld());
