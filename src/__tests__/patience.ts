// What is awaited comes, also on a machine that is busy. Run by Jest before each file of tests.

import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 30_000 });
